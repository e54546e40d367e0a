/**
 * Looks up a container's namespaces, its cgroup, its hostname, and the containers that it needs. None of this takes a
 * lock.
 */
import { TspodError } from '../../errors.js';
import { fileMounts } from '../../spec/files/file-mounts.js';
import { NAMESPACE_KINDS } from '../../spec/namespaces.js';
import { noSuchContainer } from '../../state/lookup.js';
import type { StoredContainer } from '../../state/records.js';
import { containerPaths } from '../../storage/paths.js';
import { presentCgroups } from '../cgroups/placement.js';
import { readConfig } from '../config.js';
import type { EngineContext } from '../context.js';
import { hostnameSeenIn } from '../namespaces/owners.js';
import { filesOf } from '../launch/prepare.js';
import { observe, statusOf } from '../observe.js';
import type { LiveRecord } from '../monitor/run-record.js';
import type { ContainerNamespace } from '../api/namespaces.js';

const PROC_NAMES: ReadonlyMap<string, string> = new Map([
  ...NAMESPACE_KINDS.map(({ key, proc }) => [key, proc] as const),
  ['mount', 'mnt'] as const,
]);

/**
 * Returns the path of a namespace. Throws CONTAINER_STOPPED unless the container runs or is paused, INVALID_ARGUMENT
 * for an unknown kind.
 */
export function namespacePath(context: EngineContext, id: string, kind: ContainerNamespace): string {
  const name = PROC_NAMES.get(kind);
  if (name === undefined) {
    throw new TspodError(
      'INVALID_ARGUMENT',
      `invalid namespace "${kind}": must be one of ${[...PROC_NAMES.keys()].sort().join(', ')}`,
    );
  }
  const { init } = requireUp(context, storedContainer(context, id));
  return `/proc/${String(init.pid)}/ns/${name}`;
}

/**
 * Returns the path of the container's cgroup. Throws CONTAINER_STOPPED unless it runs or is paused, NO_CGROUPS if it
 * has none.
 */
export function cgroupPath(context: EngineContext, id: string): string {
  const stored = storedContainer(context, id);
  requireUp(context, stored);
  const [first] = presentCgroups(context, id, readConfig(context, id))?.directories ?? [];
  if (first === undefined) {
    requireUp(context, storedContainer(context, id)); // or the cgroups have gone with the container
    throw new TspodError('NO_CGROUPS', `container ${id} has no cgroup: no cgroups`);
  }
  const { mountPoint } = first.hierarchy;
  return mountPoint === '/' ? first.path : first.path.slice(mountPoint.length);
}

/**
 * Returns the configured hostname: the container's own, or that of the host or container whose UTS namespace it shares.
 */
export function containerHostname(context: EngineContext, id: string): string {
  return hostnameSeenIn(context, id, readConfig(context, id));
}

/** Returns the ids of the containers that this one depends on, oldest first. */
export function containerDependencies(context: EngineContext, id: string): readonly string[] {
  return context.store.donors(storedContainer(context, id).seq);
}

/** Returns the ids of the containers that depend on this one. Throws NO_SUCH_CONTAINER. */
export function containerDependents(
  context: EngineContext,
  id: string,
  { all = false }: { readonly all?: boolean } = {},
): readonly string[] {
  const { seq } = storedContainer(context, id);
  return all ? context.store.allDependents(seq) : context.store.dependents(seq);
}

/** Returns the files that the engine has bind-mounted, except those that a mount of the user replaces. */
export function containerBindMounts(context: EngineContext, id: string): Readonly<Record<string, string>> {
  const { name, state } = storedContainer(context, id);
  const paths = containerPaths(context.directories, id);
  if (observe(state, paths).kind !== 'live') return {};
  const config = readConfig(context, id);
  const own = fileMounts(config, filesOf(context, { id, name, config, paths }));
  return Object.fromEntries(own.map(({ destination, source = '' }) => [destination, source]));
}

export function storedContainer({ store }: EngineContext, id: string): StoredContainer {
  const stored = store.get(id);
  if (stored === undefined) throw noSuchContainer(id);
  return stored;
}

/** Returns the live record of a container. Throws CONTAINER_STOPPED unless it runs or is paused. */
export function requireUp({ directories }: EngineContext, { id, state }: StoredContainer): LiveRecord {
  const observation = observe(state, containerPaths(directories, id));
  const status = statusOf(state, observation);
  if (observation.kind === 'live' && (status === 'running' || status === 'paused')) return observation.live;
  throw new TspodError('CONTAINER_STOPPED', `container ${id} is not running: container is stopped`, {
    details: { id, status },
  });
}
