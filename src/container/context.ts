/** The context that all verbs share: made once by the engine and passed to each of them. */
import type { Readable } from 'node:stream';

import { TspodError } from '../errors.js';
import { whenAborted } from '../native/abort.js';
import type { BridgeKeeper } from './network/bridges.js';
import type { EventLog } from '../events/event-log.js';
import type { Directories } from '../host/directories.js';
import type { HostFacts } from '../host/facts.js';
import type { HideList } from '../host/hide-list.js';
import type { SeccompConfig } from '../oci/seccomp.js';
import type { NetworkPlace } from '../network/networks.js';
import type { CgroupManager } from '../spec/limits/cgroup-options.js';
import type { ContainerConfig } from '../spec/config.js';
import type { Store } from '../state/store.js';
import type { HeldContainer } from './held.js';
import type { StorePaths } from '../storage/paths.js';

/** The root of a `host:` container. */
export type HostRootConfig = Extract<ContainerConfig['root'], { kind: 'host' }>;

/** The root of a container that is made of an image. */
export type ImageRootConfig = Extract<ContainerConfig['root'], { kind: 'image' }>;

/** A container's lock that is held for several verbs. */
export interface Batch {
  readonly id: string;
  readonly isOver: boolean;
  run<T>(body: (held: HeldContainer) => T | Promise<T>, refreshes: boolean): Promise<T>;
}

export interface EngineContext {
  readonly directories: Directories;
  /** Cgroup manager of new containers; undefined: the machine's. */
  readonly cgroupManager: CgroupManager | undefined;
  readonly paths: StorePaths;
  readonly store: Store;
  /** Where the configurations of networks are. */
  readonly networks: NetworkPlace;
  /** Facts about the host, read at the first call. */
  readonly facts: () => HostFacts;
  /** Compiles a seccomp profile to a filter, or takes the filter from a cache. */
  readonly compileSeccomp: (profile: SeccompConfig) => Uint8Array;
  /**
   * Returns what a `host:` root hides and shows; remembered until the host's directories change. Throws
   * INVALID_ARGUMENT.
   */
  readonly hideList: (host: HostRootConfig) => HideList;
  /** undefined: no events are written. */
  readonly events: EventLog | undefined;
  /** The batch that holds a container's lock, which verbs of this context do not take. @default none */
  readonly batch?: Batch;
  /** Where OCI hooks are looked for when a container is created. */
  readonly hooksDirectories: readonly string[];
  /** The pod whose lock is held: verbs of this context do not take it. @default none */
  readonly heldPod?: string;
  /**
   * Called under the container's lock when a container of a pod has ended or is gone. The call waits for nothing that
   * follows from it.
   */
  readonly onMemberEnd: (pod: string) => void;
  /** Keeps bridges until close(); undefined: no bridge is kept. */
  readonly bridges: BridgeKeeper | undefined;
  /**
   * Changes under way, also those that go on after their call has returned (the removal of a detached container at its
   * end). close() waits for them.
   */
  readonly background: Set<Promise<void>>;
  /** The changes of `background` that no call waits for. */
  readonly behind: Set<Promise<void>>;
  /** Aborted when close() begins: ends the waits of untilClosing(). */
  readonly closing: AbortController;
  /** Archives of containers' files that are open as streams. */
  readonly archives: Set<Readable>;
}

/** Runs a change during which the engine must not be closed: close() waits for it. Throws ENGINE_CLOSED. */
export async function tracked<T>(context: EngineContext, change: () => Promise<T>): Promise<T> {
  context.store.requireOpen();
  const work = change();
  keepUntilSettled(work, [context.background]);
  return work;
}

/**
 * Runs a wait that close() ends: the signal of `wait` aborts with the caller's signal, or when the engine is closed.
 * Throws ENGINE_CLOSED.
 */
export async function whileOpen<T>(
  { store }: EngineContext,
  signal: AbortSignal | undefined,
  wait: Wait<T>,
): Promise<T> {
  try {
    return await untilEither([signal, store.closing], wait);
  } catch (error) {
    if (signal?.aborted !== true) store.requireOpen();
    throw error;
  }
}

/** Like whileOpen(), for a wait that is part of a change, which close() would wait for. */
export async function untilClosing<T>(
  { closing }: EngineContext,
  signal: AbortSignal | undefined,
  wait: Wait<T>,
): Promise<T> {
  try {
    return await untilEither([signal, closing.signal], wait);
  } catch (error) {
    if (signal?.aborted === true || !closing.signal.aborted) throw error;
    throw new TspodError('ENGINE_CLOSED', 'the engine has been closed');
  }
}

type Wait<T> = (signal: AbortSignal) => Promise<T>;

async function untilEither<T>(signals: readonly (AbortSignal | undefined)[], wait: Wait<T>): Promise<T> {
  const either = new AbortController();
  const forget = signals.map((each) =>
    whenAborted(each, () => {
      either.abort(each?.reason);
    }),
  );
  try {
    return await wait(either.signal);
  } finally {
    for (const each of forget) each();
  }
}

/** Lets work go on after the call has returned. A failure is ignored: the next command finds what was left undone. */
export function inBackground({ background, behind }: EngineContext, work: Promise<unknown>): void {
  keepUntilSettled(work, [background, behind]);
}

function keepUntilSettled(work: Promise<unknown>, sets: readonly Set<Promise<void>>[]): void {
  const settled = work.then(
    () => undefined,
    () => undefined,
  );
  for (const set of sets) {
    set.add(settled);
    void settled.then(() => set.delete(settled));
  }
}
