/** `withContainer`: lock, load, settle, run the verb, unlock. No verb locks or loads a container by itself. */
import { isTspodError } from '../errors.js';
import { throwIfAborted } from '../native/abort.js';
import { lock, removeLockFile, tryLock, type FileLock } from '../native/file-lock.js';
import type { ContainerConfig } from '../spec/config.js';
import { noSuchContainer } from '../state/lookup.js';
import type { StoredContainer, StoredState } from '../state/records.js';
import { containerPaths, type ContainerPaths } from '../storage/paths.js';
import type { ContainerStatus } from './api/container.js';
import { readConfig } from './config.js';
import { tracked, type EngineContext } from './context.js';
import { isUnanswered } from './monitor/answer.js';
import { updateMembers } from './network/members.js';
import { observe, statusOf, type Observation } from './observe.js';
import { settle } from './settle/settle.js';
import { requireAllowed, type Operation } from './transitions.js';

/** A container whose lock this call holds. */
export class HeldContainer {
  readonly context: EngineContext;
  readonly seq: number;
  readonly id: string;
  readonly name: string;
  readonly paths: ContainerPaths;
  readonly #stored: StoredContainer;
  #state: StoredState;
  #observation: Observation;
  #isForgotten = false;
  /** A restart is under way: the container is started again under the same lock. */
  isRestarting = false;

  constructor(context: EngineContext, stored: StoredContainer) {
    this.context = context;
    this.#stored = stored;
    this.seq = stored.seq;
    this.id = stored.id;
    this.name = stored.name;
    this.paths = containerPaths(context.directories, stored.id);
    this.#state = stored.state;
    this.#observation = observe(stored.state, this.paths);
  }

  get stored(): StoredContainer {
    return { ...this.#stored, state: this.#state };
  }

  get state(): StoredState {
    return this.#state;
  }

  get observation(): Observation {
    return this.#observation;
  }

  get status(): ContainerStatus {
    return statusOf(this.#state, this.#observation);
  }

  /** Throws STORE_BROKEN when the record is damaged. */
  get config(): ContainerConfig {
    return readConfig(this.context, this.id);
  }

  /** Throws unless the operation is allowed in the present state. */
  require(operation: Operation): void {
    requireAllowed(operation, this.id, this.status);
  }

  /** Changes the record, and writes it if that changes anything. */
  save(patch: Partial<StoredState>): void {
    const changed = Object.entries(patch).some(([key, value]) => this.#state[key as keyof StoredState] !== value);
    if (!changed) return;
    this.#state = { ...this.#state, ...patch };
    this.context.store.saveState(this, this.#state);
    if (isAtRest(this.#state)) updateMembers(this.context);
    if (patch.status === 'exited' && !this.isRestarting) this.#notifyPod();
    this.look();
  }

  /** Marks the container as removed, so that its lock file is removed too. `pod`: the pod that the container was in. */
  forget(pod: string | undefined): void {
    this.#isForgotten = true;
    if (pod !== undefined) this.context.onMemberEnd(pod);
  }

  #notifyPod(): void {
    const pod = this.context.store.pods.podOf(this.seq);
    if (pod !== undefined) this.context.onMemberEnd(pod);
  }

  get isForgotten(): boolean {
    return this.#isForgotten;
  }

  /** Looks at the kernel and the run directory again. */
  look(): Observation {
    this.#observation = observe(this.#state, this.paths);
    return this.#observation;
  }
}

export interface LockOptions {
  /** Ends the wait for the lock. A signal that has already aborted lets nothing begin. */
  readonly signal?: AbortSignal | undefined;
  /** Settle the record before the body runs. @default true */
  readonly settle?: boolean;
  /** In a batch, whose verbs find the container as the previous one left it: look again and settle. @default false */
  readonly refreshes?: boolean;
}

/**
 * Runs a verb under the container's lock and on a settled record: an end is recorded, and what a crash left half done
 * is put right. Throws NO_SUCH_CONTAINER if the container is gone once the lock is held, ENGINE_CLOSED, ABORTED.
 */
export async function withContainer<T>(
  context: EngineContext,
  id: string,
  body: (held: HeldContainer) => T | Promise<T>,
  options: LockOptions = {},
): Promise<T> {
  throwIfAborted(`container ${id}`, options.signal);
  const { batch } = context;
  if (batch?.id === id && !batch.isOver) return batch.run(body, options.refreshes === true);
  return tracked(context, async () => {
    const path = containerPaths(context.directories, id).lock;
    using held = tryLock(path) ?? (await waitForLock(context, id, options));
    const done = await underLock(context, { id, held, body, settles: options.settle ?? true });
    if (done === undefined) throw noSuchContainer(id);
    return done.result;
  });
}

/** Settles the record of a container, as the next command would; nothing is left to do for one that is gone. Throws ABORTED. */
export async function settleNow(context: EngineContext, id: string, signal: AbortSignal | undefined): Promise<void> {
  try {
    await withContainer(context, id, () => undefined, { signal, refreshes: true });
  } catch (error) {
    if (!isTspodError(error, 'NO_SUCH_CONTAINER')) throw error;
  }
}

/** How long `withFreeContainer` waits for a monitor that does not answer. */
const SHORT_PATIENCE_MS = 1000;

/**
 * Like withContainer, but returns undefined at once if somebody else holds the lock or the container is gone, and after
 * a second if the container is being launched by a monitor that does not answer.
 */
export async function withFreeContainer<T>(
  context: EngineContext,
  id: string,
  body: (held: HeldContainer) => T | Promise<T>,
): Promise<T | undefined> {
  return tracked(context, async () => {
    using held = tryLock(containerPaths(context.directories, id).lock);
    if (held === undefined) return undefined;
    try {
      const done = await underLock(context, { id, held, body, settles: true, patienceMs: SHORT_PATIENCE_MS });
      return done?.result;
    } catch (error) {
      if (isUnanswered(error)) return undefined;
      throw error;
    }
  });
}

interface Locked<T> {
  readonly id: string;
  readonly held: FileLock;
  readonly body: (held: HeldContainer) => T | Promise<T>;
  readonly settles: boolean;
  /** Passed to settle(). */
  readonly patienceMs?: number;
}

/** Loads the container and runs the body. Returns undefined if there is no such container (any more). */
async function underLock<T>(
  context: EngineContext,
  { id, held, body, settles, patienceMs }: Locked<T>,
): Promise<{ result: T } | undefined> {
  const stored = context.store.get(id);
  if (stored === undefined) {
    // Taking the lock has created its file again.
    removeLockFile(held);
    return undefined;
  }
  const container = new HeldContainer(context, stored);
  try {
    if (settles) await settle(container, patienceMs);
    return { result: await body(container) };
  } catch (error) {
    throw isRemovedMeanwhile(container, error) ? noSuchContainer(id) : error;
  } finally {
    // So only containers that may have a process have a lock file.
    if (container.isForgotten || isAtRest(container.state)) removeLockFile(held);
  }
}

/**
 * Whether a system call failed because the container was removed meanwhile. The monitor of a container with
 * `autoRemove` removes the files at the container's end without taking the lock, so work on them can fail in any way.
 */
function isRemovedMeanwhile(held: HeldContainer, error: unknown): boolean {
  const { errno } = error as { readonly errno?: unknown };
  if (typeof errno !== 'number' || !held.state.autoRemove || held.state.status === 'created') return false;
  return held.look().kind !== 'live';
}

/** Whether the container has no process and no unfinished removal. */
export function isAtRest({ status }: StoredState): boolean {
  return status === 'created' || status === 'exited';
}

async function waitForLock(context: EngineContext, id: string, { signal }: LockOptions): Promise<FileLock> {
  const { lock: path } = containerPaths(context.directories, id);
  try {
    return await lock(path, signal === undefined ? {} : { signal });
  } catch (error) {
    removeStrayLock(context, id, path);
    throw error;
  }
}

/** Removes the lock file that an aborted wait may have created again after the container was gone. */
function removeStrayLock({ store }: EngineContext, id: string, path: string): void {
  if (!store.isOpen || store.get(id) !== undefined) return;
  using stray = tryLock(path);
  if (stray !== undefined) removeLockFile(stray);
}
