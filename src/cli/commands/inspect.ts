import type { Container } from '../../container/api.js';
import type { ContainerInspect } from '../../container/inspect-types.js';
import type { ImageInspect } from '../../engine/images/types.js';
import type { VolumeInspect } from '../../engine/volume-types.js';
import { isTspodError } from '../../errors.js';
import { CliError, invalid, unsupported } from '../cli-error.js';
import type { Command } from '../command/definition.js';
import type { Context } from '../context.js';
import { messageOf } from '../exit-status.js';
import { fromJson, type JsonShape } from '../format/from-json.js';
import { renderReport } from '../format/report.js';
import { inspectEach, inspectFormatFlag } from '../inspect-each.js';
import { latestFlag, selectOne } from '../selection.js';

export const command: Command = {
  name: 'inspect',
  summary: 'Display the configuration of a container',
  description:
    'Prints all that is known of containers, or where there is none of the name of images and volumes, as JSON, or what a Go template makes of it.',
  usage: '[options] CONTAINER [CONTAINER...]',
  examples: [
    'inspect web',
    "inspect --format '{{.State.Status}} {{.State.Pid}}' web",
    "inspect -f '{{json .Config.Labels}}' web",
  ],
  flags: [
    inspectFormatFlag,
    latestFlag,
    { name: 'size', short: 's', kind: 'bool', help: 'Also the size of the files' },
    {
      name: 'type',
      short: 't',
      kind: 'text',
      value: 'type',
      default: 'all',
      completion: ['all', 'container', 'image', 'volume'],
      help: 'Kind of object: container, image, volume, all',
    },
  ],
  completion: ['containers'],
  check: ({ flags, args }) => {
    checkType(flags.text('type') ?? 'all');
    if (args.length === 0 && !flags.bool('latest')) throw invalid('no names or ids specified');
    if (args.length > 0 && flags.bool('latest')) throw invalid('--latest and arguments cannot be used together');
  },
  run: async (context, { flags, args, commandLine }) => {
    const onlyContainers = flags.text('type') === 'container' || commandLine[1] === 'container';
    const type = flags.text('type') ?? 'all';
    const format = flags.text('format') ?? 'json';
    const wanted = { type: onlyContainers ? 'container' : type, size: flags.bool('size') };
    return inspectEach(context, flags.bool('latest') ? [undefined] : args, {
      format,
      find: (name) => inspectOne(context, name, wanted),
      missing: (name, error) => {
        if (!MISSING.some((code) => isTspodError(error, code))) return undefined;
        const kind = onlyContainers ? 'container' : type;
        const what =
          kind === 'container' || kind === 'volume' ? `${kind} ${name ?? ''}` : `object: ${JSON.stringify(name ?? '')}`;
        return new CliError(`inspecting object: no such ${what}`);
      },
      render: (found) => inspectText(found, format),
    });
  },
};

interface Wanted {
  readonly type: string;
  readonly size: boolean;
}

const MISSING = ['NO_SUCH_CONTAINER', 'NO_SUCH_IMAGE', 'NO_SUCH_VOLUME'] as const;

/** A container, or else an image, or else a volume. Throws one of MISSING. */
async function inspectOne(
  context: Context,
  name: string | undefined,
  { type, size }: Wanted,
): Promise<ContainerInspect | ImageInspect | VolumeInspect> {
  const engine = await context.engine();
  if (type === 'image') return engine.images.inspect(name ?? '');
  if (type === 'volume') return engine.volumes.inspect(name ?? '');
  try {
    return await inspectContainer(await selectOne(context, name, name === undefined), size);
  } catch (error) {
    if (type !== 'all' || name === undefined || !isTspodError(error, 'NO_SUCH_CONTAINER')) throw error;
    if (engine.images.exists(name)) return engine.images.inspect(name);
    if (engine.volumes.exists(name)) return engine.volumes.inspect(name);
    throw error;
  }
}

/** With what its egress list has counted, which only the kernel knows. */
async function inspectContainer(container: Container, size: boolean): Promise<ContainerInspect> {
  const found = container.inspect({ size });
  if (!found.State.Running && !found.State.Paused) return found;
  let counters;
  try {
    counters = await container.egress();
  } catch (error) {
    if (isTspodError(error, 'CONTAINER_STOPPED')) return found;
    throw error;
  }
  if (counters.length === 0) return found;
  const Egress = counters.map(({ rule, action, packets, bytes }) => ({
    Rule: rule,
    Action: action,
    Packets: packets,
    Bytes: bytes,
  }));
  return { ...found, NetworkSettings: { ...found.NetworkSettings, Egress } };
}

function checkType(type: string): void {
  if (type === 'all' || type === 'container' || type === 'image' || type === 'volume') return;
  if (/^(pod|network)$/.test(type))
    throw unsupported(`--type ${type}`, 'containers, images and volumes are looked for');
  throw invalid(
    `invalid type ${JSON.stringify(type)}: must be "image", "container", "pod", "network", "volume", or "all"`,
  );
}

function inspectText(found: readonly (ContainerInspect | ImageInspect | VolumeInspect)[], format: string): string {
  if (found.length === 0) return '\n';
  try {
    return renderReport({ name: 'inspect', format: renamed(format), rows: found.map((item) => fromJson(item, SHAPE)) });
  } catch (error) {
    throw new CliError(`inspecting object: printing inspect output: ${messageOf(error)}`);
  }
}

/** Names that Podman's users write and the data does not have. */
function renamed(format: string): string {
  return format.replaceAll('.Src}}', '.Source}}').replaceAll('.Dst}}', '.Destination}}');
}

/** Types named as Podman's are, since scripts' users search for these messages. */
const TYPES: Readonly<Record<string, string>> = {
  '': '*define.InspectContainerData',
  State: '*define.InspectContainerState',
  Config: '*define.InspectContainerConfig',
  HostConfig: '*define.InspectContainerHostConfig',
  NetworkSettings: '*define.InspectNetworkSettings',
  Mounts: 'define.InspectMount',
};

const SHAPE: JsonShape = {
  maps: new Set(['Labels', 'Annotations', 'Tmpfs', 'Ports', 'Data', 'CgroupConf', 'Networks', 'Sysctl']),
  times: new Set(['Created', 'StartedAt', 'FinishedAt']),
  typeOf: (parent) => TYPES[parent] ?? `define.Inspect${parent}`,
  aliasesOf: (names) => (names.includes('Id') ? { ID: 'Id' } : {}),
};
