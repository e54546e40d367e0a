import type { ContainerInspect } from '../../../container/inspect/types.js';
import { CliError, invalid } from '../../errors/cli-error.js';
import type { Command } from '../../command-parts/definition.js';
import { allFlag, ifPresent, latestFlag, selectOne } from '../../targets/containers.js';
import { shortId } from '../../../util/short-id.js';

export const command: Command = {
  name: 'port',
  summary: 'List port mappings or a specific mapping for the container',
  description: 'Prints where the ports of a container are published on the host: all of them, or a single one.',
  usage: '[options] CONTAINER [PORT[/PROTO]]',
  examples: ['port web', 'port web 80/tcp', 'port --all'],
  flags: [allFlag('Show the ports of all containers'), latestFlag],
  completion: ['containers', []],
  check: ({ flags, args }) => {
    const [all, latest] = [flags.bool('all'), flags.bool('latest')];
    if (all && latest) throw invalid('--all and --latest cannot be used together');
    if (all && args.length > 0) throw invalid('no arguments are needed with --all');
    if (args.length > (latest ? 1 : 2))
      throw invalid(`accepts at most ${latest ? 1 : 2} arg(s), received ${args.length}`);
    if (args.length === 0 && !all && !latest) throw invalid('you must supply a running container name or id');
  },
  run: async (context, { flags, args }) => {
    if (flags.bool('all')) {
      const engine = await context.engine();
      for (const { id } of engine.containers.list()) {
        const lines = ifPresent(engine, id).flatMap((container) => mappings(container.inspect()).map(wholeLine));
        await context.out(lines.map((line) => `${shortId(id)}\t${line}\n`).join(''));
      }
      return 0;
    }
    const latest = flags.bool('latest');
    const wanted = latest ? args[0] : args[1];
    const port = wanted === undefined ? undefined : parsePort(wanted);
    const found = mappings((await selectOne(context, args[0], { latest })).inspect());
    if (port === undefined) {
      await context.out(found.map((mapping) => `${wholeLine(mapping)}\n`).join(''));
      return 0;
    }
    const matching = found.filter((mapping) => mapping.port === port);
    if (matching.length === 0) throw new CliError(`failed to find published port ${JSON.stringify(wanted)}`);
    await context.out(matching.map(({ host }) => `${host}\n`).join(''));
    return 0;
  },
};

interface Mapping {
  /** Port in the container, as in 80/tcp. */
  readonly port: string;
  /** Address on the host, as in 0.0.0.0:8080. */
  readonly host: string;
}

/** Parses PORT[/PROTO]; the protocol defaults to tcp. */
function parsePort(text: string): string {
  const [number = '', protocol = 'tcp', ...more] = text.split('/');
  if (more.length > 0) throw invalid("port formats are port/protocol. '%s' is invalid".replace('%s', text));
  if (!/^\d+$/.test(number)) throw invalid(`strconv.Atoi: parsing ${JSON.stringify(number)}: invalid syntax`);
  return `${number}/${protocol}`;
}

function mappings({ NetworkSettings: { Ports } }: ContainerInspect): readonly Mapping[] {
  return Object.entries(Ports).flatMap(([port, hosts]) =>
    (hosts ?? []).map(({ HostIp, HostPort }) => ({ port, host: `${HostIp === '' ? '0.0.0.0' : HostIp}:${HostPort}` })),
  );
}

function wholeLine({ port, host }: Mapping): string {
  return `${port} -> ${host}`;
}
