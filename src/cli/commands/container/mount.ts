import type { ContainerSummary } from '../../../engine/types.js';
import { actOnAll } from '../../targets/act-on-containers.js';
import { invalid } from '../../errors/cli-error.js';
import type { Command, Invocation } from '../../command-parts/definition.js';
import type { Context } from '../../context.js';
import { allFlag, filterFlag, latestFlag, selectContainers } from '../../targets/containers.js';
import { shortId } from '../../../util/short-id.js';

export const command: Command = {
  name: 'mount',
  summary: "Mount a container's root filesystem",
  description:
    'Mounts the root file systems of containers on the host and prints where. Without containers, lists those that are mounted.',
  usage: '[options] [CONTAINER...]',
  examples: ['mount web', 'mount', 'mount --format json'],
  flags: [
    allFlag('Mount all containers'),
    { ...filterFlag, help: 'Mount the containers that match' },
    { name: 'format', kind: 'text', value: 'format', help: 'Print the list as json' },
    latestFlag,
    { name: 'no-trunc', aliases: ['notruncate'], kind: 'bool', help: 'Do not truncate ids' },
  ],
  completion: ['containers'],
  check: ({ args, flags }) => {
    const format = flags.text('format') ?? '';
    if (format !== '' && format !== 'json') throw invalid(`unknown --format argument: "${format}"`);
    if (args.length > 0 && (flags.bool('all') || flags.bool('latest')))
      throw invalid('--all, --latest and containers cannot be used together');
  },
  run: async (context, invocation) => {
    const { args, flags } = invocation;
    if (args.length === 0 && !flags.bool('all') && !flags.bool('latest') && !flags.has('filter'))
      return listMounted(context, invocation);
    const selection = await selectContainers(context, invocation);
    const points = new Map<string, string>();
    return actOnAll(context, selection, {
      act: async (container) => {
        points.set(container.id, await container.mount());
      },
      line: ({ id }) => points.get(id),
    });
  },
};

async function listMounted(context: Context, { flags }: Invocation): Promise<number> {
  const engine = await context.engine();
  const mounted = engine.containers.list({ all: true }).filter(isMounted);
  if (flags.text('format') === 'json') {
    const rows = mounted.map(({ id, name, mountPoint }) => ({ id, Names: [name], mountpoint: mountPoint }));
    await context.out(`${JSON.stringify(rows, null, 1)}\n`);
    return 0;
  }
  const shown = (id: string) => (flags.bool('no-trunc') ? id : shortId(id));
  await context.out(mounted.map(({ id, mountPoint }) => `${shown(id)}  ${mountPoint}\n`).join(''));
  return 0;
}

function isMounted(container: ContainerSummary): container is ContainerSummary & { readonly mountPoint: string } {
  return container.mountPoint !== null;
}
