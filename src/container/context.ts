/** What all verbs share: made once by the engine, handed to each of them. */
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

/** A root that is the host's. */
export type HostRootConfig = Extract<ContainerConfig['root'], { kind: 'host' }>;

/** A root that is an image's. */
export type ImageRootConfig = Extract<ContainerConfig['root'], { kind: 'image' }>;

/** A lock that is held for many verbs of one container. */
export interface Batch {
  readonly id: string;
  readonly isOver: boolean;
  run<T>(body: (held: HeldContainer) => T | Promise<T>, refreshes: boolean): Promise<T>;
}

export interface EngineContext {
  readonly directories: Directories;
  /** Of new containers; undefined: as the machine is. */
  readonly cgroupManager: CgroupManager | undefined;
  readonly paths: StorePaths;
  readonly store: Store;
  /** Where the configurations of networks are. */
  readonly networks: NetworkPlace;
  /** Read when first asked for. */
  readonly facts: () => HostFacts;
  /** The compiled filter of a profile, from a cache where there is one. */
  readonly compileSeccomp: (profile: SeccompConfig) => Uint8Array;
  /** What a `host:` root hides and shows, from memory while the host's directories have not changed. Throws INVALID_ARGUMENT. */
  readonly hideList: (host: HostRootConfig) => HideList;
  /** Where events are written; undefined: they are not. */
  readonly events: EventLog | undefined;
  /** Verbs of this context take no lock of its container. @default none */
  readonly batch?: Batch;
  /** Where OCI hooks are looked for when a container is created. */
  readonly hooksDirectories: readonly string[];
  /** The pod whose lock is held: verbs of this context do not take it. @default none */
  readonly heldPod?: string;
  /** Told when a container of a pod has ended or is gone, under that one's lock: of what follows, nothing is waited for. */
  readonly onMemberEnd: (pod: string) => void;
  /** Bridges that stay until close(). Undefined: none do. */
  readonly bridges: BridgeKeeper | undefined;
  /** Changes under way, also behind a finished call (the removal of a detached container at its end); close() waits for them. */
  readonly background: Set<Promise<void>>;
  /** Those of them that no call waits for. */
  readonly behind: Set<Promise<void>>;
}

/** A change that the engine must not be closed under. Throws ENGINE_CLOSED. */
export async function tracked<T>(context: EngineContext, change: () => Promise<T>): Promise<T> {
  context.store.requireOpen();
  const work = change();
  keepUntilSettled(work, [context.background]);
  return work;
}

/** A wait that the engine may be closed under: its signal aborts with the caller's, and then. Throws ENGINE_CLOSED. */
export async function whileOpen<T>(
  { store }: EngineContext,
  signal: AbortSignal | undefined,
  wait: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const either = new AbortController();
  const forget = [signal, store.closing].map((each) =>
    whenAborted(each, () => {
      either.abort(each?.reason);
    }),
  );
  try {
    return await wait(either.signal);
  } catch (error) {
    if (signal?.aborted !== true) store.requireOpen();
    throw error;
  } finally {
    for (const each of forget) each();
  }
}

/** Lets work go on behind the call. It must not fail: what it leaves, the next command finds. */
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
