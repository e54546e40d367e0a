/** What the database holds of a container. */
import type { PublishedPort } from '../spec/network/container-network.js';
import type { ExposedPort } from '../spec/network/ports.js';

/**
 * The recorded status is an intent or a last word; the kernel and the files in the run directory say what is so.
 *
 * - `created`: nothing in the kernel, nothing in the run directory.
 * - `initialized`, `active`: launched, or being launched by the holder of the lock; the run directory says how far it came and
 *   whether it ended meanwhile.
 * - `paused`: like active; its cgroup was told to freeze.
 * - `stopping`: like active; somebody is ending it.
 * - `exited`: its end is recorded here and nothing is left in the run directory.
 * - `removing`: to be finished by whoever comes first.
 */
export type StoredStatus = 'created' | 'initialized' | 'active' | 'paused' | 'stopping' | 'exited' | 'removing';

export interface StoredState {
  readonly status: StoredStatus;
  readonly autoRemove: boolean;
  readonly stoppedByUser: boolean;
  /** -1: unknown. */
  readonly exitCode: number;
  /** Number of the signal that ended it, or 0. */
  readonly exitSignal: number;
  readonly oomKilled: boolean;
  readonly timedOut: boolean;
  /** Microseconds since 1970; 0: never. While it lives, of the call that started it: the run directory has the exact time. */
  readonly startedUs: number;
  readonly finishedUs: number;
  readonly restarts: number;
  readonly error: string;
  /** What was changed of the configuration since the creation: JSON of the fields that are new, or ''. */
  readonly updates: string;
  /** The record has changed, and maybe not yet the kernel and the monitor. */
  readonly updating: boolean;
  /** How many calls of mount() are not undone. */
  readonly mounts: number;
  /** The root is mounted on the host, or is about to be, or was until a moment ago. */
  readonly mounted: boolean;
  /** The cgroup that it was started in and that is split, with cgroups `split`; or ''. */
  readonly splitFrom: string;
}

export interface StoredContainer {
  /** Grows with the order of creation. */
  readonly seq: number;
  readonly id: string;
  readonly name: string;
  readonly createdUs: number;
  readonly state: StoredState;
}

/** What a listing shows without reading the configuration. */
export interface StoredSummary {
  readonly image: string;
  /** Of the image that it is made of; '' or nothing without. */
  readonly imageId?: string;
  readonly rootfs: string;
  readonly command: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly mounts: readonly string[];
  /** Of each mount: path of a bind mount, name of a volume, else ''. @default none */
  readonly mountSources?: readonly string[];
  readonly network: string;
  /** Names of the networks that it is on. */
  readonly networks: readonly string[];
  readonly ports: readonly PublishedPort[];
  /** What it listens on, whether that is published or not. @default none */
  readonly expose?: readonly ExposedPort[];
  readonly restartPolicy: string;
  readonly cidFile: string;
  /** It has a health check. */
  readonly checked: boolean;
  /** Id of the pod that it is in. @default none */
  readonly pod?: string;
  /** It keeps what the others of its pod share. @default false */
  readonly isInfra?: boolean;
}

/** Ids of the host that a container's ids stand for: `size` of them from `first` on. */
export interface HostIds {
  readonly kind: 'uid' | 'gid';
  readonly first: number;
  readonly size: number;
}

/** A port of the host that was chosen for a container, which keeps it. */
export interface ChosenPort {
  readonly protocol: string;
  readonly port: number;
}

export interface NewContainer {
  readonly id: string;
  readonly name: string;
  readonly createdUs: number;
  readonly summary: StoredSummary;
  /** JSON. */
  readonly config: string;
  readonly state: StoredState;
  /** Of its user namespace, if it has one with maps of its own. @default none */
  readonly hostIds?: readonly HostIds[];
  /** Ports of the host that were chosen for it. @default none */
  readonly hostPorts?: readonly ChosenPort[];
  /** The images that it is made of or has mounted. @default none */
  readonly imageIds?: readonly string[];
  /** The pod that it is in; `infra`: its id, if it is the one that keeps what the others share. @default none */
  readonly pod?: { readonly id: string; readonly infra: string | undefined } | undefined;
  /** `seq` of each container whose namespaces this one shares. */
  readonly donors: readonly number[];
}

/** The state of a container that was never started. */
export const FRESH_STATE: StoredState = {
  status: 'created',
  autoRemove: false,
  stoppedByUser: false,
  exitCode: 0,
  exitSignal: 0,
  oomKilled: false,
  timedOut: false,
  startedUs: 0,
  finishedUs: 0,
  restarts: 0,
  error: '',
  updates: '',
  updating: false,
  mounts: 0,
  mounted: false,
  splitFrom: '',
};
