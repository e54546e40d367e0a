/** Pods as users of the library see them. */
import type { ContainerStatus, SignalOption } from '../container/api/container.js';
import type { ContainerProcessInfo, ContainerStats, StatsOptions } from '../container/api/stats.js';
import type { PodNamespace } from '../spec/pod/pod-options.js';
import type { PodInspect } from './inspect-types.js';

export type { PodCreateOptions, PodExitPolicy, PodNamespace } from '../spec/pod/pod-options.js';
export type * from './inspect-types.js';

/**
 * What a pod is, in Podman's words, by what its containers are. `Created`: none of them was started, or there are none. `Running`, `Paused`, `Exited`: all
 * of them. `Degraded`: some run. `Stopped`: some have ended, the others were never started. `Error`: none of these.
 */
export const POD_STATUSES = ['Created', 'Running', 'Degraded', 'Paused', 'Exited', 'Stopped', 'Error'] as const;

export type PodStatus = (typeof POD_STATUSES)[number];

/** A container of a pod. */
export interface PodMember {
  /** 64 hexadecimal digits. */
  readonly id: string;
  readonly name: string;
  readonly status: ContainerStatus;
  /** It keeps what the others share. */
  readonly isInfra: boolean;
}

/** One line of `pod ps`. */
export interface PodSummary {
  /** 64 hexadecimal digits. */
  readonly id: string;
  readonly name: string;
  readonly createdAt: Date;
  readonly status: PodStatus;
  readonly labels: Readonly<Record<string, string>>;
  /** Oldest first: the infra container before the others. */
  readonly containers: readonly PodMember[];
  /** Id of the infra container, or ''. */
  readonly infraId: string;
  /** Namespaces that its containers share. */
  readonly share: readonly PodNamespace[];
  /** Names of the networks that it is on. */
  readonly networks: readonly string[];
  /** What the cgroups of its containers lie in: a path, or a slice of systemd; '' if it has none. */
  readonly cgroup: string;
  /** Restart policy of containers without one, or ''. */
  readonly restartPolicy: string;
}

export interface PodStopOptions extends SignalOption {
  /** Seconds between a container's stop signal and SIGKILL; 0 kills at once, -1 waits for ever. @default each container's stopTimeoutSec */
  readonly timeoutSec?: number;
  /** Told when the time of a container was up and SIGKILL was sent. */
  readonly onWarning?: (text: string) => void;
}

export interface PodRemoveOptions extends SignalOption {
  /** Ends its containers first. @default false */
  readonly force?: boolean;
  /** For force: seconds before SIGKILL, as for stop(). @default each container's stopTimeoutSec */
  readonly timeoutSec?: number;
}

/** Of one container of a pod. */
export interface PodMemberStats {
  readonly id: string;
  readonly name: string;
  /** Undefined: it does not run, or has no cgroup (`cgroups: 'disabled'`). */
  readonly stats: ContainerStats | undefined;
}

/** Processes of one container of a pod. */
export interface PodMemberProcesses {
  readonly id: string;
  readonly name: string;
  readonly processes: readonly ContainerProcessInfo[];
}

/**
 * A handle: an id and verbs. It holds no state of its own, so it never goes stale.
 *
 * Every verb throws NO_SUCH_POD when the pod is gone, ENGINE_CLOSED, and with a `signal` ABORTED. A verb about its containers goes through all of them; if some
 * of them failed it throws POD_PARTIAL_FAIL, whose `details.errors` is a ReadonlyMap of Error by the id of the container. What is already as the verb would
 * have it is no failure: a container that runs for start(), one that does not for stop().
 */
export interface Pod {
  /** 64 hexadecimal digits. */
  readonly id: string;
  readonly name: string;
  /** Never waits for a lock. */
  status(): PodStatus;
  /** Never waits for a lock. */
  summary(): PodSummary;
  /** Its containers, oldest first: the infra container before the others. Never waits for a lock. */
  containers(): readonly PodMember[];
  /** Everything about it, in Podman's words. Never waits for a lock. */
  inspect(): PodInspect;
  /** Starts those of its containers that do not run, each after what it depends on. */
  start(options?: SignalOption): Promise<void>;
  /** Ends those that run, the infra container last. */
  stop(options?: PodStopOptions): Promise<void>;
  /** Ends those that run, and starts all. */
  restart(options?: PodStopOptions): Promise<void>;
  /** To the first process of each that runs. INVALID_ARGUMENT for what is no signal. @default 'SIGKILL' */
  kill(signal?: string | number): Promise<void>;
  /** Freezes those that run. NO_CGROUPS in `details.errors` of those that have none. */
  pause(): Promise<void>;
  /** Resumes those that are paused. */
  unpause(): Promise<void>;
  /**
   * Removes it with its containers and their anonymous volumes. One that has no other container than the infra container needs no force. POD_PARTIAL_FAIL
   * without force if some run: nothing is removed then.
   */
  remove(options?: PodRemoveOptions): Promise<void>;
  /** What each of its containers uses. Never waits for a lock. */
  stats(options?: StatsOptions): readonly PodMemberStats[];
  /** The processes of those that run. */
  top(): Promise<readonly PodMemberProcesses[]>;
}
