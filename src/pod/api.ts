/** The public API of pods. */
import type { ContainerStatus, SignalOption } from '../container/api/container.js';
import type { ContainerProcessInfo, ContainerStats, StatsOptions } from '../container/api/stats.js';
import type { InitKind, PodNamespace } from '../spec/pod/pod-options.js';
import type { PodInspect } from './inspect-types.js';

export type { PodCreateOptions, PodExitPolicy, PodNamespace } from '../spec/pod/pod-options.js';
export type * from './inspect-types.js';

/**
 * A pod's status, in Podman's words, derived from its containers. `Created`: none of them was ever started, or there
 * are none. `Running`, `Paused`, `Exited`: all of them are. `Degraded`: some are running. `Stopped`: some have ended,
 * the others were never started. `Error`: anything else.
 */
export const POD_STATUSES = ['Created', 'Running', 'Degraded', 'Paused', 'Exited', 'Stopped', 'Error'] as const;

export type PodStatus = (typeof POD_STATUSES)[number];

/** A container of a pod. */
export interface PodMember {
  /** 64 hexadecimal digits. */
  readonly id: string;
  readonly name: string;
  readonly status: ContainerStatus;
  /** The container is the pod's infra container, which keeps the shared namespaces. */
  readonly isInfra: boolean;
  /** The container is an init container: see CreateOptions.initContainer. @default it is none */
  readonly initContainer?: InitKind;
}

/** One line of `pod ps`. */
export interface PodSummary {
  /** 64 hexadecimal digits. */
  readonly id: string;
  readonly name: string;
  readonly createdAt: Date;
  readonly status: PodStatus;
  readonly labels: Readonly<Record<string, string>>;
  /** Oldest first: the infra container precedes the others. */
  readonly containers: readonly PodMember[];
  /** Id of the infra container, or ''. */
  readonly infraId: string;
  /** Namespaces that the pod's containers share. */
  readonly share: readonly PodNamespace[];
  /** Names of the pod's networks. */
  readonly networks: readonly string[];
  /** Parent of the containers' cgroups: a path, or a systemd slice; '' if the pod has none. */
  readonly cgroup: string;
  /** Restart policy of containers that have none of their own, or ''. */
  readonly restartPolicy: string;
}

export interface PodStopOptions extends SignalOption {
  /**
   * Seconds between a container's stop signal and SIGKILL; 0 kills at once, -1 waits forever. @default each container's
   * stopTimeoutSec
   */
  readonly timeoutSec?: number;
  /** Called when a container did not end in time and SIGKILL was sent. */
  readonly onWarning?: (text: string) => void;
}

export interface PodRemoveOptions extends SignalOption {
  /** Stops the pod's containers first. @default false */
  readonly force?: boolean;
  /** With force: seconds before SIGKILL, as for stop(). @default each container's stopTimeoutSec */
  readonly timeoutSec?: number;
}

/** Statistics of one container of a pod. */
export interface PodMemberStats {
  readonly id: string;
  readonly name: string;
  /** Undefined: the container is not running, or has no cgroup (`cgroups: 'disabled'`). */
  readonly stats: ContainerStats | undefined;
}

/** Processes of one container of a pod. */
export interface PodMemberProcesses {
  readonly id: string;
  readonly name: string;
  readonly processes: readonly ContainerProcessInfo[];
}

/**
 * A handle: an id and methods. It holds no state of its own, so it never goes stale.
 *
 * Every method throws NO_SUCH_POD if the pod is gone, ENGINE_CLOSED, and with a `signal` ABORTED. A method that acts on
 * the containers tries all of them; if some fail it throws POD_PARTIAL_FAIL, whose `details.errors` is a ReadonlyMap of
 * Error by container id. A container that is already in the wanted state is no failure: running for start(), not
 * running for stop().
 */
export interface Pod {
  /** 64 hexadecimal digits. */
  readonly id: string;
  readonly name: string;
  /** Returns the pod's status. Never waits for a lock. */
  status(): PodStatus;
  /** Returns the pod's line of `pod ps`. Never waits for a lock. */
  summary(): PodSummary;
  /** Returns the pod's containers, oldest first: the infra container precedes the others. Never waits for a lock. */
  containers(): readonly PodMember[];
  /** Returns everything known about the pod, in Podman's words. Never waits for a lock. */
  inspect(): PodInspect;
  /**
   * Starts the containers that are not running, each after those it depends on. Before them it runs the init
   * containers, one after the other; INIT_CONTAINER_FAILED if one of these ends with an exit code other than 0.
   */
  start(options?: SignalOption): Promise<void>;
  /** Stops the running containers, the infra container last. */
  stop(options?: PodStopOptions): Promise<void>;
  /** Stops the running containers, then starts all but the init containers. */
  restart(options?: PodStopOptions): Promise<void>;
  /**
   * Sends a signal to the first process of each running container. INVALID_ARGUMENT for an invalid signal. @default
   * 'SIGKILL'
   */
  kill(signal?: string | number): Promise<void>;
  /** Freezes the running containers. NO_CGROUPS in `details.errors` for those without a cgroup. */
  pause(): Promise<void>;
  /** Resumes the paused containers. */
  unpause(): Promise<void>;
  /**
   * Removes the pod with its containers and their anonymous volumes. A pod with no container but the infra container
   * can be removed without force. Without force, POD_PARTIAL_FAIL if some containers are running; then nothing is
   * removed.
   */
  remove(options?: PodRemoveOptions): Promise<void>;
  /** Returns the resource usage of each container. Never waits for a lock. */
  stats(options?: StatsOptions): readonly PodMemberStats[];
  /** Returns the processes of the running containers. */
  top(): Promise<readonly PodMemberProcesses[]>;
}
