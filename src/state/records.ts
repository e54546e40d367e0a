/** What the database records about a container. */
import type { PublishedPort } from '../spec/network/container-network.js';
import type { ExposedPort } from '../spec/network/ports.js';
import type { InitKind } from '../spec/pod/pod-options.js';

/**
 * The recorded status is an intent, or the final outcome; the kernel and the files in the run directory tell what is
 * actually so.
 *
 * - `created`: nothing in the kernel, nothing in the run directory.
 * - `initialized`, `active`: launched, or being launched by the holder of the lock; the run directory tells how far the
 *   launch got and whether the container has ended meanwhile.
 * - `paused`: like active; its cgroup was told to freeze.
 * - `stopping`: like active; it is being stopped.
 * - `exited`: its end is recorded here, and nothing is left in the run directory.
 * - `removing`: being removed; whoever finds it so completes the removal.
 */
export type StoredStatus = 'created' | 'initialized' | 'active' | 'paused' | 'stopping' | 'exited' | 'removing';

export interface StoredState {
  readonly status: StoredStatus;
  readonly autoRemove: boolean;
  readonly stoppedByUser: boolean;
  /** -1: unknown. */
  readonly exitCode: number;
  /** Number of the signal that ended the container, or 0. */
  readonly exitSignal: number;
  readonly oomKilled: boolean;
  readonly timedOut: boolean;
  /**
   * Microseconds since 1970; 0: never. While the container runs, this is the time of the call that started it: the run
   * directory has the exact time.
   */
  readonly startedUs: number;
  readonly finishedUs: number;
  readonly restarts: number;
  readonly error: string;
  /** Changes made to the configuration since creation: the new fields as JSON, or ''. */
  readonly updates: string;
  /** The record has changed, but the kernel and the monitor possibly not yet. */
  readonly updating: boolean;
  /** Calls of mount() that have not been undone by unmount(). */
  readonly mounts: number;
  /** The root filesystem is mounted on the host, or is about to be, or was until a moment ago. */
  readonly mounted: boolean;
  /** With cgroups `split`: the cgroup that the container was started in and that is split; else ''. */
  readonly splitFrom: string;
}

export interface StoredContainer {
  /** Increases in the order of creation. */
  readonly seq: number;
  readonly id: string;
  readonly name: string;
  readonly createdUs: number;
  readonly state: StoredState;
}

/** What a listing shows without reading the container's configuration. */
export interface StoredSummary {
  readonly image: string;
  /** Id of the image that the container is made from; '' or missing if it has none. */
  readonly imageId?: string;
  readonly rootfs: string;
  readonly command: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly mounts: readonly string[];
  /** Per mount: the path of a bind mount, the name of a volume, else ''. @default none */
  readonly mountSources?: readonly string[];
  readonly network: string;
  /** Names of the container's networks. */
  readonly networks: readonly string[];
  readonly ports: readonly PublishedPort[];
  /** Ports that the container listens on, published or not. @default none */
  readonly expose?: readonly ExposedPort[];
  readonly restartPolicy: string;
  readonly cidFile: string;
  /** The container has a health check. */
  readonly checked: boolean;
  /** Id of the container's pod. @default none */
  readonly pod?: string;
  /** The container is the infra container of its pod. @default false */
  readonly isInfra?: boolean;
  /** The container is an init container of its pod. @default it is none */
  readonly init?: InitKind;
}

/** A range of host ids that a container's ids are mapped to: `size` ids from `first` on. */
export interface HostIds {
  readonly kind: 'uid' | 'gid';
  readonly first: number;
  readonly size: number;
}

/** A host port that was chosen for a container, which keeps it. */
export interface ChosenPort {
  readonly protocol: string;
  readonly port: number;
}

export interface NewContainer {
  readonly id: string;
  readonly name: string;
  readonly createdUs: number;
  readonly summary: StoredSummary;
  /** The configuration as JSON. */
  readonly config: string;
  readonly state: StoredState;
  /** Host ids of the container's user namespace, if that has mappings of its own. @default none */
  readonly hostIds?: readonly HostIds[];
  /** Host ports that were chosen for the container. @default none */
  readonly hostPorts?: readonly ChosenPort[];
  /** Ids of the images that the container is made from or mounts. @default none */
  readonly imageIds?: readonly string[];
  /** The container's pod. `infra`: the container's own id if it is the pod's infra container. @default none */
  readonly pod?: { readonly id: string; readonly infra: string | undefined } | undefined;
  /** `seq` of each container whose namespaces this one shares, or that it requires. */
  readonly donors: readonly number[];
}

/** What a new run of a container resets in its state: all that the last run left there. */
export const NEW_LIFE = {
  stoppedByUser: false,
  exitCode: 0,
  exitSignal: 0,
  oomKilled: false,
  timedOut: false,
  startedUs: 0,
  finishedUs: 0,
  restarts: 0,
  error: '',
} satisfies Partial<StoredState>;

/** The state of a container that was never started. */
export const FRESH_STATE: StoredState = {
  ...NEW_LIFE,
  status: 'created',
  autoRemove: false,
  updates: '',
  updating: false,
  mounts: 0,
  mounted: false,
  splitFrom: '',
};
