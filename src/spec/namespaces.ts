/** Namespaces that a container has of its own, shares with the host, or joins. */
import { invalid } from '../errors.js';
import type { HostFacts } from '../host/facts.js';
import type { NamespaceType, OciIdMapping, OciNamespace } from '../oci/spec.js';
import type { ContainerConfig, NamespaceConfig } from './config.js';
import type { CreateOptions, IdMap } from './create-options.js';
import { checkAbsolutePath } from './checks/names.js';
import { networkMode } from './network/network-config.js';
import { checkInteger } from './checks/numbers.js';
import { quote } from './checks/quote.js';

/** All kinds of namespaces, with their names in the options, in the OCI spec and under /proc/self/ns. */
export const NAMESPACE_KINDS: readonly {
  readonly key: keyof NamespaceConfig;
  readonly option: keyof CreateOptions;
  readonly type: NamespaceType;
  readonly proc: string;
}[] = [
  { key: 'user', option: 'userns', type: 'user', proc: 'user' },
  { key: 'pid', option: 'pid', type: 'pid', proc: 'pid' },
  { key: 'network', option: 'network', type: 'network', proc: 'net' },
  { key: 'ipc', option: 'ipc', type: 'ipc', proc: 'ipc' },
  { key: 'uts', option: 'uts', type: 'uts', proc: 'uts' },
  { key: 'cgroup', option: 'cgroupns', type: 'cgroup', proc: 'cgroup' },
  { key: 'time', option: 'timens', type: 'time', proc: 'time' },
];

/** Modes other than host, private, path: and container:. */
const EXTRA_MODES: Readonly<Partial<Record<keyof NamespaceConfig, readonly string[]>>> = {
  network: ['none', 'bridge'],
  ipc: ['shareable', 'none'],
  user: ['auto', 'keep-id'],
};

/** Returns the modes with their defaults: private for all kinds but user and time. */
export function normalizeNamespaces(options: CreateOptions): NamespaceConfig {
  const mapped = hasMaps(options);
  const modes: NamespaceConfig = {
    network: networkMode(options),
    pid: options.pid ?? 'private',
    ipc: options.ipc ?? 'shareable',
    uts: options.uts ?? 'private',
    cgroup: options.cgroupns ?? 'private',
    user: options.userns ?? (mapped ? 'private' : 'host'),
    time: options.timens ?? (options.timeOffsets === undefined ? 'host' : 'private'),
  };
  for (const { key, option } of NAMESPACE_KINDS) checkMode(option, key, modes[key]);
  checkMapped(modes.user, mapped);
  if (options.timeOffsets !== undefined && modes.time !== 'private') throw invalid('timeOffsets need timens private');
  return modes;
}

function hasMaps({ uidMaps, gidMaps, usernsOptions: { subuidName, subgidName } = {} }: CreateOptions): boolean {
  return [uidMaps, gidMaps, subuidName, subgidName].some((given) => given !== undefined);
}

function checkMapped(user: string, mapped: boolean): void {
  if (mapped && user !== 'private' && user !== 'auto')
    throw invalid(`uidMaps and gidMaps need userns private or auto, not ${quote(user)}`);
  if (user === 'private' && !mapped)
    throw invalid('must provide at least one UID or GID mapping to configure a user namespace: uidMaps, gidMaps');
}

function checkMode(option: string, key: keyof NamespaceConfig, mode: string): void {
  const simple = ['private', 'host', ...(EXTRA_MODES[key] ?? [])];
  if (simple.includes(mode)) return;
  if (key === 'user' && mode === 'nomap')
    throw invalid('userns nomap is for users other than root: root has no id to leave out');
  const path = pathOf(mode);
  if (path !== undefined) {
    checkAbsolutePath(`${option} path`, path);
    return;
  }
  if (mode.startsWith('container:')) {
    if (key === 'time') throw invalid('timens cannot be taken from a container: use path:');
    if (mode.length > 'container:'.length) return;
  }
  throw invalid(`${option} must be ${simple.join(', ')}, path:PATH or container:NAME, not ${quote(mode)}`);
}

/** Returns the container whose namespace is joined, by the name that the user gave; undefined for other modes. */
export function donorOf(mode: string): string | undefined {
  return mode.startsWith('container:') ? mode.slice('container:'.length) : undefined;
}

/** Returns the path of a namespace that is joined; undefined for other modes. */
export function pathOf(mode: string): string | undefined {
  return mode.startsWith('path:') ? mode.slice('path:'.length) : undefined;
}

/** Whether the container has a new namespace of its own. */
export function isPrivate(mode: string): boolean {
  return ['private', 'none', 'bridge', 'shareable', 'auto', 'keep-id'].includes(mode);
}

/** Highest number of lines in a map that the kernel takes (user_namespaces(7)). */
const MAX_MAPS = 340;

/**
 * Returns the maps if their ranges are valid, not empty, and do not overlap on either side; throws INVALID_ARGUMENT
 * otherwise.
 */
export function checkIdMaps(what: string, maps: readonly IdMap[]): readonly IdMap[] {
  if (maps.length === 0) throw invalid(`${what} must not be empty`);
  if (maps.length > MAX_MAPS) throw invalid(`${what} has ${maps.length} ranges, at most ${MAX_MAPS} are allowed`);
  for (const map of maps) {
    checkInteger(`${what}: containerId`, map.containerId, { min: 0, max: 0xfffffffe });
    checkInteger(`${what}: hostId`, map.hostId, { min: 0, max: 0xfffffffe });
    checkInteger(`${what}: size`, map.size, { min: 1, max: 0xffffffff });
    if (map.containerId + map.size > 0xffffffff || map.hostId + map.size > 0xffffffff) {
      throw invalid(`${what}: range ${map.containerId}:${map.hostId}:${map.size} goes beyond the last id`);
    }
  }
  checkOverlap(what, maps, 'containerId');
  checkOverlap(what, maps, 'hostId');
  return maps.map(({ containerId, hostId, size }) => ({ containerId, hostId, size }));
}

function checkOverlap(what: string, maps: readonly IdMap[], side: 'containerId' | 'hostId'): void {
  const sorted = maps.toSorted((a, b) => a[side] - b[side]);
  for (const [index, map] of sorted.entries()) {
    const next = sorted[index + 1];
    if (next !== undefined && map[side] + map.size > next[side]) {
      throw invalid(`${what}: ranges overlap at ${side} ${next[side]}`);
    }
  }
}

/** Throws INVALID_ARGUMENT for a kind of namespace that was requested and that the kernel does not have. */
export function checkNamespaceSupport(
  config: Pick<ContainerConfig, 'namespaces'>,
  facts: Pick<HostFacts, 'namespaces'>,
): void {
  for (const { key, option, proc } of NAMESPACE_KINDS) {
    const mode = config.namespaces[key];
    if (mode !== 'host' && facts.namespaces.size > 0 && !facts.namespaces.has(proc)) {
      throw invalid(`the kernel has no ${proc} namespaces: set ${option} to host`);
    }
  }
}

/** Paths of other containers' namespaces that are joined, by type, which the engine has found. */
export type NamespacePaths = { readonly [T in NamespaceType]?: string };

/** Returns the namespaces of the OCI spec. A mode container: takes its path from `paths`. */
export function ociNamespaces(modes: NamespaceConfig, paths: NamespacePaths = {}): readonly OciNamespace[] {
  const namespaces: OciNamespace[] = [];
  for (const { key, type } of NAMESPACE_KINDS) {
    const mode = modes[key];
    const path = pathOf(mode);
    if (isPrivate(mode)) namespaces.push({ type });
    else if (path !== undefined) namespaces.push({ type, path });
    else if (donorOf(mode) !== undefined) namespaces.push({ type, path: donorPath(type, mode, paths) });
  }
  namespaces.push({ type: 'mount' });
  return namespaces;
}

function donorPath(type: NamespaceType, mode: string, paths: NamespacePaths): string {
  const path = paths[type];
  if (path === undefined) throw new TypeError(`no path was given for the ${type} namespace of ${mode}`);
  return path;
}

export function ociIdMappings(maps: readonly IdMap[]): readonly OciIdMapping[] {
  return maps.map((map) => ({ containerID: map.containerId, hostID: map.hostId, size: map.size }));
}
