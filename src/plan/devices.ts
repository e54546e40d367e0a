/** Steps that fill /dev: device nodes, and the links that programs expect. */
import { TspodError } from '../errors.js';
import type { OciDevice, OciSpec } from '../oci/spec.js';
import { S_IFBLK, S_IFCHR, S_IFIFO } from '../util/file-bits.js';
import type { PlanBuilder } from './builder.js';
import { CODES } from './codes.js';

/** Links of /dev (runtime-spec, "Dev symbolic links"). */
const LINKS: readonly (readonly [string, string])[] = [
  ['/dev/fd', '/proc/self/fd'],
  ['/dev/stdin', '/proc/self/fd/0'],
  ['/dev/stdout', '/proc/self/fd/1'],
  ['/dev/stderr', '/proc/self/fd/2'],
  ['/dev/core', '/proc/kcore'],
];

const FILE_TYPES: Readonly<Record<string, number>> = { c: S_IFCHR, u: S_IFCHR, b: S_IFBLK, p: S_IFIFO };

export interface DeviceContext {
  readonly rootSlot: number;
  /** A slot for mounts that are attached at once. */
  readonly slot: number;
  /** Whether the host's nodes are bind mounted: in a user namespace no process may make device nodes. */
  readonly bind: boolean;
  /** Paths of the nodes on the host, by their paths in the container, where the two differ. */
  readonly sources?: ReadonlyMap<string, string> | undefined;
}

/** Adds steps that make the spec's devices and the links. A /dev that the user has bind mounted is left as it is. */
export function addDevices(builder: PlanBuilder, spec: OciSpec, context: DeviceContext): void {
  const dev = spec.mounts?.findLast((mount) => mount.destination === '/dev');
  const isBound =
    dev !== undefined && (dev.type === 'bind' || dev.options?.some((option) => /^r?bind$/.test(option)) === true);
  if (isBound) return;
  const devices = spec.linux?.devices ?? [];
  makeDirectories(builder, devices, context);
  for (const device of devices) addDevice(builder, device, context);
  const { rootSlot } = context;
  for (const [path, target] of LINKS) builder.add('init', 'makeSymlink', { rootSlot, path, target });
  if (spec.mounts?.some((mount) => mount.destination === '/dev/pts') === true) {
    builder.add('init', 'makeSymlink', { rootSlot, path: '/dev/ptmx', target: 'pts/ptmx' });
  }
}

/** Adds steps that make the parent directories of devices in subdirectories of /dev, such as /dev/net/tun. */
function makeDirectories(builder: PlanBuilder, devices: readonly OciDevice[], { rootSlot }: DeviceContext): void {
  const made = new Set<string>(['/dev', '']);
  for (const { path } of devices) {
    const parts = path.split('/').slice(0, -1);
    for (let length = 2; length <= parts.length; length += 1) {
      const directory = parts.slice(0, length).join('/');
      if (made.has(directory)) continue;
      made.add(directory);
      builder.add('init', 'makeDirectory', { rootSlot, path: directory, mode: 0o755, uid: 0, gid: 0 });
    }
  }
}

function addDevice(builder: PlanBuilder, device: OciDevice, context: DeviceContext): void {
  const { rootSlot, slot, bind, sources } = context;
  const { path, type, major = 0, minor = 0, fileMode = 0o666, uid = 0, gid = 0 } = device;
  if (bind) {
    builder.add('init', 'openTree', { slot, path: sources?.get(path) ?? path, recursive: 0 });
    builder.add('init', 'attachInRoot', { slot, rootSlot, target: path, create: CODES.create.file });
    return;
  }
  const fileType = FILE_TYPES[type];
  if (fileType === undefined)
    throw new TspodError('INVALID_ARGUMENT', `device ${path}: unknown type ${JSON.stringify(type)}`);
  const mode = fileType | (fileMode & 0o7777);
  builder.add('init', 'makeNode', { rootSlot, path, mode, major, minor, uid, gid });
}
