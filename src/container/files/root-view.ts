/** Gives access to a container's files by a descriptor of its root. */
import { isTspodError } from '../../errors.js';
import { openDirectory, ownFd, type OwnedFd } from '../../native/directory-entries.js';
import { executeFor } from '../../native/execute.js';
import { openProcess } from '../../native/process-handle.js';
import type { ProcessRef } from '../../plan/context.js';
import { encodePlan } from '../../plan/encode.js';
import { liveRootPlan, mountedRootPlan, type RootPlan } from '../../plan/root.js';
import type { ContainerConfig } from '../../spec/config.js';
import type { IdMaps } from '../../storage/owners.js';
import { tracked, type EngineContext } from '../context.js';
import { withContainer, type HeldContainer } from '../held.js';
import { failpoint } from '../failpoint.js';
import { liveMaps } from '../namespaces/userns.js';
import { isAlive, isEnding } from '../observe.js';
import { prepareRoot } from '../launch/prepare.js';
import { mountedRoot } from './root-mount.js';
import { openUserns } from './root-userns.js';
import { hasSeenMounts, openSeenRoot } from './seen-root.js';
import { justEnded, type Operation } from '../transitions.js';

export interface RootView {
  /** O_PATH descriptor of the root directory. */
  readonly fd: number;
  readonly config: ContainerConfig;
  /** Maps between the owners that the files have on the machine and those that the container sees. */
  readonly idMaps: IdMaps;
}

export interface ViewOptions {
  readonly operation: Operation;
  /**
   * `alone`: the root file system. `seen`: with what is mounted in it or, for a container without a process, with the
   * bind mounts, volumes and images that a start would mount.
   */
  readonly what: 'alone' | 'seen';
  readonly signal?: AbortSignal | undefined;
}

/** A root that this process has mounted for a container without a process. Calls that come meanwhile use it as well. */
interface Shared {
  readonly view: (what: ViewOptions['what']) => Promise<RootView>;
  users: number;
  readonly free: () => void;
}

const shared = new WeakMap<EngineContext, Map<string, Shared>>();

/**
 * Runs `work` on the container's files. A container without a process is locked meanwhile, because this process mounts
 * its root, which must not be mounted twice; the mount is attached nowhere, and ends with this process at the latest. A
 * running container is not held up.
 */
export async function withRoot<T>(
  context: EngineContext,
  id: string,
  options: ViewOptions,
  work: (root: RootView) => Promise<T>,
): Promise<T> {
  const known = shared.get(context)?.get(id);
  if (known !== undefined) return tracked(context, () => useShared(known, options.what, work));
  const step = await retriedAfterEnd((refreshes) =>
    withContainer(
      context,
      id,
      async (held): Promise<{ result: T } | { root: OwnedFd; view: RootView }> => {
        held.require(options.operation);
        const process = liveProcess(held);
        if (process === undefined) return { result: await shareRoot(held, options.what, work) };
        failpoint('live-root-found');
        const maps = liveMaps(held.config, process.pid);
        const root = options.what === 'seen' ? rootAsSeen(held.id, process) : await liveRoot(held.id, process);
        return { root, view: viewOf(held.config, root, maps) };
      },
      { signal: options.signal, refreshes },
    ),
  );
  if ('result' in step) return step.result;
  failpoint('root-opened');
  using _root = step.root;
  return await tracked(context, () => work(step.view));
}

/**
 * How often a container is looked at: one that its policy starts again and again may end in the middle of several
 * looks.
 */
const LOOKS = 10;

/** Repeats a look at a container that ended in the middle of it: then the container has no process, or another one. */
export async function retriedAfterEnd<T>(look: (refreshes: boolean) => Promise<T>): Promise<T> {
  for (let looks = 1; ; looks += 1) {
    try {
      return await look(looks > 1);
    } catch (error) {
      if (!isTspodError(error, 'CONTAINER_STOPPED') || looks === LOOKS) throw error;
    }
  }
}

/** Mounts the root, and keeps the container's lock until the last user of the root is done. */
async function shareRoot<T>(
  held: HeldContainer,
  what: ViewOptions['what'],
  work: (root: RootView) => Promise<T>,
): Promise<T> {
  using root = await mountRoot(held);
  failpoint('root-opened');
  const roots = shared.get(held.context) ?? new Map<string, Shared>();
  shared.set(held.context, roots);
  let free!: () => void;
  const unused = new Promise<void>((resolve) => (free = resolve));
  const { config } = held;
  // One mount for both: a layer must not be mounted twice.
  let seen: Promise<OwnedFd> | undefined;
  const view: Shared['view'] = async (asked) => {
    if (asked === 'alone' || !hasSeenMounts(config)) return viewOf(config, root);
    return viewOf(config, await (seen ??= openSeenRoot(held, root)));
  };
  const entry: Shared = { view, users: 0, free };
  roots.set(held.id, entry);
  try {
    return await useShared(entry, what, work);
  } finally {
    if (entry.users > 0) await unused;
    roots.delete(held.id);
    (await seen?.catch(() => undefined))?.close();
  }
}

async function useShared<T>(
  entry: Shared,
  what: ViewOptions['what'],
  work: (root: RootView) => Promise<T>,
): Promise<T> {
  entry.users += 1;
  try {
    return await work(await entry.view(what));
  } finally {
    entry.users -= 1;
    if (entry.users === 0) entry.free();
  }
}

function viewOf(config: ContainerConfig, { fd }: OwnedFd, { uidMaps, gidMaps }: IdMaps = config): RootView {
  return { fd, config, idMaps: { uidMaps, gidMaps } };
}

/** Returns the container's first process, if that has the container's root by now. */
export function liveProcess({ observation }: HeldContainer): ProcessRef | undefined {
  if (observation.kind !== 'live' || !isAlive(observation.live.init)) return undefined;
  return observation.live.init;
}

/**
 * Opens the root of a process by /proc/PID/root. Only while the process is held is that surely its own. Throws
 * CONTAINER_STOPPED.
 */
function rootAsSeen(id: string, { pid, startTime }: ProcessRef): OwnedFd {
  using process = openProcess(pid, startTime);
  if (process === undefined) throw justEnded(id);
  let root: OwnedFd | undefined;
  try {
    root = openDirectory(`/proc/${String(pid)}/root`);
    if (process.isAlive()) return root;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  root?.close();
  throw justEnded(id);
}

/** Mounts the root of a container without a process: attached nowhere, or at `attachTo`. */
export async function mountRoot(held: HeldContainer, attachTo?: string): Promise<OwnedFd> {
  const { context, id, config, paths } = held;
  const { root: own } = await prepareRoot(context, { id, config, paths });
  const root = mountedRoot(held) ?? own;
  using userns = root.kind === 'overlay' ? await openUserns(config) : undefined;
  return await open(
    mountedRootPlan({
      // The root may be mounted again, which the kernel refuses for a volatile layer.
      root: root.kind === 'overlay' ? { ...root, volatile: false } : root,
      usernsFd: userns?.fd,
      frame: context.paths.locks,
      attachTo,
    }),
  );
}

/**
 * Copies the root mount of a container with a process: attached nowhere, or at `attachTo`. Throws CONTAINER_STOPPED.
 */
export async function liveRoot(id: string, process: ProcessRef, attachTo?: string): Promise<OwnedFd> {
  try {
    return await open(liveRootPlan(process, attachTo));
  } catch (error) {
    throw isEnding(process) ? justEnded(id) : error;
  }
}

async function open({ plan, slot }: RootPlan): Promise<OwnedFd> {
  return ownFd(await executeFor(encodePlan(plan), slot));
}
