import type { Container } from '../../container/api/container.js';
import type { ContainerInspect } from '../../container/inspect/types.js';
import type { ImageInspect } from '../../engine/images/types.js';
import type { Engine } from '../../engine/types.js';
import type { VolumeInspect } from '../../engine/volumes/types.js';
import { isTspodError, messageOf } from '../../errors.js';
import type { Network } from '../../network/network-file.js';
import type { PodInspect } from '../../pod/api.js';
import { CliError, invalid } from '../errors/cli-error.js';
import type { Command, Invocation } from '../command-parts/definition.js';
import type { Context } from '../context.js';
import type { GoValue } from '../format/values.js';
import { containerStruct } from '../rows/container-struct.js';
import { imageStruct } from '../rows/image-struct.js';
import { inspectEach, inspectFormatFlag, inspectReport } from '../targets/inspect-each.js';
import { networkStruct } from '../rows/network.js';
import { podInspectStruct } from '../rows/pod-struct.js';
import { latestFlag, selectOne } from '../targets/containers.js';
import { volumeStruct } from '../rows/volume.js';

const TYPES_OF_OBJECTS = ['all', 'container', 'image', 'network', 'pod', 'volume'] as const;

export const command: Command = {
  name: 'inspect',
  summary: 'Display the configuration of containers, images, volumes, networks and pods',
  description:
    'Prints the details of containers or, where no container has the name, of images, volumes, networks and pods, as JSON, or formatted by a Go template.',
  usage: '[options] {CONTAINER|IMAGE|VOLUME|NETWORK|POD}...',
  examples: [
    'inspect web',
    "inspect --format '{{.State.Status}} {{.State.Pid}}' web",
    "inspect -f '{{json .Config.Labels}}' web",
  ],
  flags: [
    inspectFormatFlag,
    latestFlag,
    { name: 'size', short: 's', kind: 'bool', help: 'Also show the size of the files' },
    {
      name: 'type',
      short: 't',
      kind: 'text',
      value: 'type',
      default: 'all',
      completion: TYPES_OF_OBJECTS,
      help: `Kind of object: ${TYPES_OF_OBJECTS.join(', ')}`,
    },
  ],
  completion: ['objects'],
  check: ({ flags, args }) => {
    checkType(flags.text('type') ?? 'all');
    if (args.length === 0 && !flags.bool('latest')) throw invalid('no names or ids specified');
    if (args.length > 0 && flags.bool('latest')) throw invalid('--latest and arguments cannot be used together');
  },
  run: (context, invocation) => inspect(context, invocation, invocation.flags.text('type') ?? 'all'),
};

/** Prints the objects of one of TYPES_OF_OBJECTS. */
export function inspect(context: Context, { flags, args }: Invocation, type: string): Promise<number> {
  const format = flags.text('format') ?? 'json';
  const wanted = { type, size: flags.bool('size') };
  return inspectEach(context, flags.bool('latest') ? [undefined] : args, {
    format,
    find: (name) => inspectOne(context, name, wanted),
    missing: (name, error) => {
      if (!MISSING.some((code) => isTspodError(error, code))) return undefined;
      return new CliError(`inspecting object: ${notFound(type, name ?? '')}`);
    },
    render: (found) => inspectText(found, format),
  });
}

/** Returns Podman's message for a missing object of each type. */
function notFound(type: string, name: string): string {
  switch (type) {
    case 'all':
      return `no such object: ${JSON.stringify(name)}`;
    case 'image':
      return `${name}: image not known`;
    case 'network':
      return `network ${name}: unable to find network with name or ID ${name}: network not found`;
    default:
      return `no such ${type} ${name}`;
  }
}

interface Wanted {
  readonly type: string;
  readonly size: boolean;
}

const MISSING = ['NO_SUCH_CONTAINER', 'NO_SUCH_IMAGE', 'NO_SUCH_VOLUME', 'NO_SUCH_NETWORK', 'NO_SUCH_POD'] as const;

type Found = ContainerInspect | ImageInspect | VolumeInspect | Network | PodInspect;

/**
 * Inspects a container, or else an image, a volume, a network or a pod. Throws an error with one of the codes MISSING.
 */
async function inspectOne(context: Context, name: string | undefined, { type, size }: Wanted): Promise<Found> {
  const engine = await context.engine();
  const other = OTHERS.find((kind) => kind.type === type);
  if (other !== undefined && name !== undefined) return other.inspect(engine, name);
  try {
    return await inspectContainer(await selectOne(context, name, { latest: name === undefined }), size);
  } catch (error) {
    if (type !== 'all' || name === undefined || !isTspodError(error, 'NO_SUCH_CONTAINER')) throw error;
    const found = OTHERS.find((kind) => kind.exists(engine, name));
    if (found === undefined) throw error;
    return found.inspect(engine, name);
  }
}

interface OtherKind {
  readonly type: (typeof TYPES_OF_OBJECTS)[number];
  readonly exists: (engine: Engine, name: string) => boolean;
  readonly inspect: (engine: Engine, name: string) => Found;
}

/** The other kinds of objects, in the order in which they are looked up. */
const OTHERS: readonly OtherKind[] = [
  {
    type: 'image',
    exists: ({ images }, name) => images.exists(name),
    inspect: ({ images }, name) => images.inspect(name),
  },
  {
    type: 'volume',
    exists: ({ volumes }, name) => volumes.exists(name),
    inspect: ({ volumes }, name) => volumes.inspect(name),
  },
  {
    type: 'network',
    exists: ({ networks }, name) => networks.exists(name),
    inspect: ({ networks }, name) => networks.inspect(name),
  },
  {
    type: 'pod',
    exists: ({ pods }, name) => pods.exists(name),
    inspect: ({ pods }, name) => pods.get(name).inspect(),
  },
];

/** Inspects a container, adding the counters of its egress rules, which only the kernel knows. */
async function inspectContainer(container: Container, size: boolean): Promise<ContainerInspect> {
  const found = container.inspect({ size });
  if (!found.State.Running && !found.State.Paused) return found;
  let counters;
  try {
    counters = await container.egress();
  } catch (error) {
    if (isTspodError(error, 'CONTAINER_STOPPED') || isTspodError(error, 'STATE_INVALID')) return found;
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
  if (TYPES_OF_OBJECTS.some((known) => known === type)) return;
  throw invalid(
    `invalid type ${JSON.stringify(type)}: must be "image", "container", "pod", "network", "volume", or "all"`,
  );
}

function inspectText(found: readonly Found[], format: string): string {
  if (found.length === 0) return '\n';
  try {
    return inspectReport(renamed(format), found.map(structOf));
  } catch (error) {
    throw new CliError(`inspecting object: printing inspect output: ${messageOf(error)}`);
  }
}

/** Converts an object for templates; its kind is recognised by a field that only that kind has. */
function structOf(item: Found): GoValue {
  if ('driver' in item) return networkStruct(item);
  if ('Mountpoint' in item) return volumeStruct(item);
  if ('RepoTags' in item) return imageStruct(item);
  return 'NumContainers' in item ? podInspectStruct(item) : containerStruct(item);
}

/** Replaces field names that Podman accepts in templates but that the data does not have. */
function renamed(format: string): string {
  return format.replaceAll('.Src}}', '.Source}}').replaceAll('.Dst}}', '.Destination}}');
}
