/** The container handle as users of the library see it: every verb with its options and results. */
import type { Readable, Writable } from 'node:stream';

import type { LogChunk } from '../../logs/record.js';
import type { CreateOptions, ExecOptions } from '../../spec/create-options.js';
import type { ExecCreateOptions, ExecSession, ExecStartOptions } from '../exec/api.js';
import type { HealthRecord, HealthStatus } from '../health/record.js';
import type { UpdateOptions } from '../../spec/update.js';
import type { ContainerFiles } from './files.js';
import type { ContainerInspect } from '../inspect/types.js';
import type { ContainerAddress, ContainerRoute, EgressCounter } from './network.js';
import type { ContainerNamespace } from './namespaces.js';
import type { ContainerProcessInfo, ContainerStats, StatsOptions, WatchStatsOptions } from './stats.js';

export type { LogChunk } from '../../logs/record.js';

/**
 * Status of a container, in the words that Podman prints: `created` has only a record, `initialized` a process that
 * waits before its exec, `stopped` has ended and is not yet cleaned up, `exited` has ended. `restarting` waits for the
 * delay of its restart policy.
 */
export const CONTAINER_STATUSES = [
  'created',
  'initialized',
  'running',
  'paused',
  'stopping',
  'stopped',
  'exited',
  'restarting',
  'removing',
] as const;

export type ContainerStatus = (typeof CONTAINER_STATUSES)[number];

/** How a process ended. */
export interface ExitStatus {
  /** 0 to 255; 128 + n after signal n; -1 when unknown (the monitor was killed, or the time limit struck). */
  readonly exitCode: number;
  /** Name of the signal that ended the process (SIGKILL), or null. */
  readonly signal: NodeJS.Signals | string | null;
  /** The kernel ended a process of the container for lack of memory. */
  readonly oomKilled: boolean;
  /** The container's time limit, or that of the call, ended it. */
  readonly timedOut: boolean;
}

/** The parts of a container that change, as they were at one moment. */
export interface ContainerState {
  readonly status: ContainerStatus;
  /** Host pid of the first process; 0 when it does not run. */
  readonly pid: number;
  /** Pid of its monitor; 0 when there is none. */
  readonly monitorPid: number;
  /** Exit code of the last end; 0 before the first. */
  readonly exitCode: number;
  /** The kernel ended a process of the container for lack of memory. */
  readonly oomKilled: boolean;
  /** Time of the last start; null before the first. */
  readonly startedAt: Date | null;
  /** Time of the last end; null before the first. */
  readonly finishedAt: Date | null;
  /** Restarts by policy since the last start by hand. */
  readonly restartCount: number;
  /** The container was stopped by stop() or kill(): no policy starts it again. */
  readonly stoppedByUser: boolean;
  /** The last error, or ''. */
  readonly error: string;
}

/** Option of calls that may take long. */
export interface SignalOption {
  /** Ends the wait with an error of code ABORTED; what the call had begun is put right first. */
  readonly signal?: AbortSignal | undefined;
}

/** Size of a terminal, in characters. */
export interface TerminalSize {
  readonly rows: number;
  readonly columns: number;
}

/**
 * Descriptors of the calling process that the container's process gets as they are, with no copy through the monitor.
 */
export interface StdioFds {
  /** @default /dev/null */
  readonly stdin?: number;
  /** @default /dev/null */
  readonly stdout?: number;
  /** @default /dev/null */
  readonly stderr?: number;
}

/** Sockets, fifos and files that a service manager has opened for a service (sd_listen_fds(3)). */
export interface ListenFds {
  /** Descriptors of this process. */
  readonly fds: readonly number[];
  /** Names that the service manager gives to the descriptors, as in LISTEN_FDNAMES: `web:admin`. @default no names */
  readonly names?: string;
}

export interface StartOptions extends SignalOption {
  /**
   * Streams of the first process. Only with log driver `none` or `passthrough` and without a tty: INVALID_ARGUMENT
   * otherwise. @default through the monitor
   */
  readonly stdio?: StdioFds;
  /**
   * The descriptors that become 3, 4, ... of the first process. @default 3, 4, ... of this process, as many as the
   * container's preserveFds
   */
  readonly fds?: readonly number[];
  /**
   * Descriptors that become 3, 4, ... of the first process, which learns of them by LISTEN_FDS, LISTEN_PID=1 and
   * LISTEN_FDNAMES: at this start, and at each restart by policy. INVALID_ARGUMENT with preserveFds or with another OCI
   * runtime. @default none
   */
  readonly listenFds?: ListenFds;
  /** Start the containers that this one depends on first. @default false */
  readonly recursive?: boolean;
  /** Initial size of the container's terminal. */
  readonly size?: TerminalSize;
}

export interface AttachOptions extends SignalOption {
  /** Where input comes from; absent: none is sent. Ignored when the container's stdin is closed. */
  readonly stdin?: Readable;
  /** Where output goes; its backpressure holds the container back. Absent: output is not sent here. */
  readonly stdout?: Writable;
  /** Not used with a tty, whose output is all stdout. */
  readonly stderr?: Writable;
  /**
   * Keys that detach, as Podman writes them: `ctrl-p,ctrl-q`, `a`, `ctrl-[`; '' is none. Searched for in stdin.
   * @default 'ctrl-p,ctrl-q' with a terminal, '' without
   */
  readonly detachKeys?: string;
  /** Size of the caller's terminal; not used without a tty. */
  readonly size?: TerminalSize;
}

/**
 * Why an attach session has ended: `exited`, with the exit status; `detached`, by keys or by detach(); `lost`, when the
 * connection broke before the end was reported, because the monitor was killed or no longer waited for a slow reader.
 * After `lost` output may be missing, and wait() has the exit code as far as it is known.
 */
export type AttachEnd =
  ({ readonly reason: 'exited' } & ExitStatus) | { readonly reason: 'detached' } | { readonly reason: 'lost' };

/** A live connection to a container's streams. Disposing of it detaches. */
export interface AttachSession extends Disposable {
  /** The container has a terminal: the caller may want raw mode and resize(). */
  readonly terminal: boolean;
  /** Does nothing without a terminal. */
  resize(size: TerminalSize): void;
  /** Leaves the container, or the command, running. */
  detach(): void;
  /** Settles when all output has been written to the sinks, which are not ended. Rejects with ABORTED only. */
  readonly ended: Promise<AttachEnd>;
}

/**
 * A process with streams, in the manner of node:child_process: a container from `engine.spawn()`, or a command from
 * `spawnExec()`.
 */
export interface ContainerProcess<
  Stdin extends Writable | null = Writable | null,
  Stdout extends Readable | null = Readable | null,
  Stderr extends Readable | null = Readable | null,
> extends AsyncDisposable {
  /** Id of the container. */
  readonly id: string;
  /** Host pid. */
  readonly pid: number;
  /** null unless asked for. */
  readonly stdin: Stdin;
  readonly stdout: Stdout;
  /** null with a tty. */
  readonly stderr: Stderr;
  /**
   * Resolves with the end of the process; never rejects for a non-zero code. For a detached command the promise does
   * not keep this process running.
   */
  readonly ended: Promise<ExitStatus>;
  /** Sends a signal to the first process; does nothing when it has ended. @default 'SIGTERM' */
  kill(signal?: string | number): void;
  /** Resizes the terminal; does nothing without a tty. */
  resize(size: TerminalSize): void;
}

/**
 * Where a process reads: from a pipe, nothing (/dev/null), this process's input, or a descriptor (not with a tty, nor
 * for a container with a log). If that is a terminal, the container may read it, write to it and change its settings.
 */
export type InputSource = 'pipe' | 'ignore' | 'inherit' | number;

/**
 * Where a stream of a process goes: collected, thrown away, this process's own, or a descriptor (not with a tty, nor
 * for a container with a log). If that is a terminal, the container may read it, write to it and change its settings.
 */
export type OutputTarget = 'pipe' | 'ignore' | 'inherit' | number;

/** The stream of a process where `Target` was asked for, or `Default` where nothing was. */
export type StreamFor<Stream, Target, Default> = Target extends 'pipe'
  ? Stream
  : Target extends undefined
    ? Default extends 'pipe'
      ? Stream
      : null
    : null;

export interface CollectOptions extends SignalOption {
  /** Text or bytes to feed, or a stream to read; then end of file. @default none: end of file at once */
  readonly input?: string | Uint8Array | Readable | AsyncIterable<string | Uint8Array>;
  /** @default 'pipe' */
  readonly stdout?: OutputTarget;
  /** @default 'pipe' */
  readonly stderr?: OutputTarget;
  /** 'buffer' for bytes. @default 'utf8' */
  readonly encoding?: BufferEncoding | 'buffer';
  /**
   * Limit of the bytes that are kept of each stream; more ends the process with error OUTPUT_TOO_LARGE. @default 64 MiB
   */
  readonly maxOutputBytes?: number;
  /** Milliseconds until SIGKILL, after which the result has `timedOut`. 0 is no limit. @default 0 */
  readonly timeoutMs?: number;
  /** Initial size of the terminal. */
  readonly size?: TerminalSize;
}

export interface CollectedResult<T extends string | Buffer = string> extends ExitStatus {
  /** Id of the container. */
  readonly id: string;
  /** Empty where stdout was not 'pipe'. */
  readonly stdout: T;
  readonly stderr: T;
  /** Milliseconds from the call to the end of the process. */
  readonly durationMs: number;
}

/** `timeoutMs`, `tty`, `env`, ... of {@link ExecOptions}; output is collected. */
export interface ExecCollectOptions extends ExecOptions, Omit<CollectOptions, 'timeoutMs'> {}

export interface ExecSpawnOptions extends ExecOptions, SignalOption {
  /** @default 'ignore' */
  readonly stdin?: InputSource;
  /** @default 'pipe' */
  readonly stdout?: OutputTarget;
  /** @default 'pipe' */
  readonly stderr?: OutputTarget;
  /**
   * The descriptors that become 3, 4, ... of the command. @default 3, 4, ... of this process, as many as preserveFds
   */
  readonly fds?: readonly number[];
  /** Initial size of the terminal. */
  readonly size?: TerminalSize;
  /** The command does not keep this process running, and output goes to /dev/null unless asked for. @default false */
  readonly detach?: boolean;
}

/** Streams as for attach(), for a command in a running container; with a tty the command gets one of its own. */
export interface ExecAttachOptions extends ExecOptions, AttachOptions {
  /**
   * The descriptors that become 3, 4, ... of the command. @default 3, 4, ... of this process, as many as preserveFds
   */
  readonly fds?: readonly number[];
}

export interface StopOptions extends SignalOption {
  /**
   * Seconds between the stop signal and SIGKILL; 0 kills at once, -1 waits for ever. @default the container's
   * stopTimeoutSec
   */
  readonly timeoutSec?: number;
  /**
   * Stop the containers that depend on this one first, and before them those that depend on them; each has its own
   * time. @default false
   */
  readonly depend?: boolean;
  /** Called when the time was up and SIGKILL was sent. */
  readonly onWarning?: (text: string) => void;
}

export interface RemoveOptions extends SignalOption {
  /** End the container first. @default false */
  readonly force?: boolean;
  /** With `force`: seconds before SIGKILL, as for stop(). @default the container's stopTimeoutSec */
  readonly timeoutSec?: number;
  /** Remove the containers that depend on this one first. @default false */
  readonly depend?: boolean;
  /**
   * Remove its anonymous volumes that no other container uses, as happens with those of a container with `autoRemove`.
   * @default false
   */
  readonly volumes?: boolean;
}

export interface CleanupOptions extends SignalOption {
  /** Remove the container afterwards, as remove() does. @default false */
  readonly remove?: boolean;
}

/** What wait() may wait for. `stopped` and `exited` both mean the end. */
export const WAIT_CONDITIONS = [...CONTAINER_STATUSES, 'configured', 'unknown', 'healthy', 'unhealthy'] as const;

export type WaitCondition = (typeof WAIT_CONDITIONS)[number];

export interface WaitOptions extends SignalOption {
  /** Conditions, any of which ends the wait. @default ['stopped', 'exited'] */
  readonly conditions?: readonly WaitCondition[];
  /** Milliseconds between looks, for conditions that nothing announces. @default 250 */
  readonly intervalMs?: number;
}

/** Result of a health check. `starting`: the start-up check has failed; `stopped`: there was nothing to check. */
export interface HealthcheckResult extends Omit<HealthRecord, 'status'> {
  readonly status: HealthStatus | 'stopped';
}

export interface LogsOptions extends SignalOption {
  /** Go on until the container ends. @default false */
  readonly follow?: boolean;
  /** The last lines only; -1 is all. @default -1 */
  readonly tail?: number;
  /** Only output from this time on. @default all */
  readonly since?: Date;
  /** Only output until this time. @default all */
  readonly until?: Date;
  /** RFC 3339 time and a space before each line. @default false */
  readonly timestamps?: boolean;
  /** Text before each line (before its time). @default '' */
  readonly prefix?: string;
  /** One stream only. @default both */
  readonly stream?: 'stdout' | 'stderr';
}

/**
 * A handle: an id and verbs. It holds no state of its own, so it never goes stale; each verb looks at the container as
 * it is now.
 *
 * Every verb throws NO_SUCH_CONTAINER when the container is gone, STATE_INVALID in a state that does not allow it
 * (docs/state.md has the table), ENGINE_CLOSED, and with a `signal` ABORTED.
 */
export interface Container extends ContainerFiles {
  /** 64 hexadecimal digits. */
  readonly id: string;
  /** The present name. */
  readonly name: string;
  /** Never waits for a lock. */
  state(): ContainerState;
  /**
   * Returns everything about the container. Never waits for a lock. `size` walks its files. @throws STORE_BROKEN if its
   * record cannot be read
   */
  inspect(options?: { readonly size?: boolean }): ContainerInspect;
  /** Creates the process, which waits before its exec. Throws as start(). */
  init(options?: StartOptions): Promise<void>;
  /**
   * Starts the container; resolves when its command runs. After an error nothing is left of the start:
   * COMMAND_NOT_FOUND, COMMAND_NOT_EXECUTABLE, NO_SUCH_USER, LAUNCH_FAILED (`details` name the step), DISK_FULL,
   * MONITOR_DIED, UNSUPPORTED_HOST; STATE_RUNNING if it runs.
   */
  start(options?: StartOptions): Promise<void>;
  /** Starts the container with the streams connected first, so that no output is lost. Throws as start(). */
  startAttached(options: AttachOptions & StartOptions): Promise<AttachSession>;
  /** Connects to the streams of a running container: output from now on. */
  attach(options: AttachOptions): Promise<AttachSession>;
  /**
   * Ends the container: stop signal, waiting time, SIGKILL. Resolves when the end is recorded. CONTAINER_STOPPED if it
   * has ended.
   */
  stop(options?: StopOptions): Promise<void>;
  /** Stops the container if it runs, and starts it. Throws as start(). */
  restart(options?: StopOptions & StartOptions): Promise<void>;
  /**
   * Sends a signal to the first process: a name with or without SIG, RTMIN+n, or a number; INVALID_ARGUMENT for
   * anything else. After SIGKILL it waits for the end. No policy restarts the container afterwards. @default 'SIGKILL'
   */
  kill(signal?: string | number): Promise<void>;
  /** Freezes all processes of the container; resolves when they stand still. NO_CGROUPS; TIMED_OUT after 10 seconds. */
  pause(): Promise<void>;
  /** Lets the processes of the container go on. NO_CGROUPS without a cgroup. */
  unpause(): Promise<void>;
  /**
   * Waits for the end and returns the exit code (-1: unknown); 0 for a container that never ran. Also works for a
   * container that is removed meanwhile, or was in the last five minutes. INVALID_ARGUMENT for an unknown condition,
   * NO_HEALTHCHECK for `healthy` and `unhealthy` without a check.
   */
  wait(options?: WaitOptions): Promise<number>;
  /**
   * Runs the container's health check (`health` in its options) now, and counts the result like those of the checks
   * that the monitor runs. Resolves in every state. NO_HEALTHCHECK.
   */
  healthcheck(options?: SignalOption): Promise<HealthcheckResult>;
  /**
   * Runs a command in a running container and collects its output; a non-zero exit is a result. COMMAND_NOT_FOUND,
   * COMMAND_NOT_EXECUTABLE, NO_SUCH_USER, LAUNCH_FAILED, OUTPUT_TOO_LARGE, INVALID_ARGUMENT.
   */
  exec(options: ExecCollectOptions & { readonly encoding: 'buffer' }): Promise<CollectedResult<Buffer>>;
  exec(options: ExecCollectOptions & { readonly encoding?: BufferEncoding }): Promise<CollectedResult>;
  exec(options: ExecCollectOptions): Promise<CollectedResult<string | Buffer>>;
  /** Runs a command in a running container, with streams; resolves when the command runs. Throws as exec(). */
  spawnExec<
    In extends InputSource | undefined = undefined,
    Out extends OutputTarget | undefined = undefined,
    Err extends OutputTarget | undefined = undefined,
    Tty extends boolean = false,
    Detach extends boolean = false,
  >(
    options: ExecSpawnOptions & {
      readonly stdin?: In;
      readonly stdout?: Out;
      readonly stderr?: Err;
      readonly tty?: Tty;
      readonly detach?: Detach;
    },
  ): Promise<
    ContainerProcess<
      StreamFor<Writable, In, 'ignore'>,
      StreamFor<Readable, Out, Detach extends true ? 'ignore' : 'pipe'>,
      Tty extends true ? null : StreamFor<Readable, Err, Detach extends true ? 'ignore' : 'pipe'>
    >
  >;
  /** Runs a command in a running container with the caller's streams, through the monitor. Throws as exec(). */
  execAttached(options: ExecAttachOptions): Promise<AttachSession>;
  /**
   * Records a command that can be started in the container once. STATE_INVALID unless the container runs,
   * INVALID_ARGUMENT.
   */
  createExec(options: ExecCreateOptions): Promise<ExecSession>;
  /**
   * Records a command and starts it at once; a failure, or the end of this process in between, leaves nothing. Throws
   * as exec().
   */
  startExec(options: ExecCreateOptions & ExecStartOptions): Promise<ExecSession>;
  /**
   * Returns the exec sessions of the container's present run, oldest first: those that have not stopped, or not long
   * ago. Never waits for a lock.
   */
  execSessions(): readonly ExecSession[];
  /** Reads the container's log. NO_LOGS with a log driver that keeps none. */
  logs(options?: LogsOptions): AsyncIterable<LogChunk>;
  /** Makes the monitor open the log file again (after it was moved away). */
  reopenLog(): Promise<void>;
  /** Renames the container. INVALID_ARGUMENT for a bad name, NAME_IN_USE. */
  rename(name: string): Promise<void>;
  /**
   * Measures what the container uses. Never waits for a lock. STATE_INVALID unless it runs or is paused; NO_CGROUPS
   * with `cgroups: 'disabled'`.
   */
  stats(options?: StatsOptions): ContainerStats;
  /** Measures repeatedly what the container uses until it ends, the first time at once. */
  watchStats(options?: WatchStatsOptions): AsyncIterable<ContainerStats>;
  /** Returns the container's processes, by pid. */
  top(): Promise<readonly ContainerProcessInfo[]>;
  /** Returns `/proc/PID/ns/NAME`. CONTAINER_STOPPED unless the container runs or is paused; INVALID_ARGUMENT. */
  namespacePath(kind: ContainerNamespace): string;
  /**
   * Returns the path of the container's cgroup, from the mount point of each hierarchy that it is in. CONTAINER_STOPPED
   * unless it runs or is paused; NO_CGROUPS.
   */
  cgroupPath(): string;
  /**
   * Returns the addresses of the container's interfaces, as the kernel has them now. CONTAINER_STOPPED unless it runs
   * or is paused.
   */
  addresses(): Promise<readonly ContainerAddress[]>;
  /**
   * Returns the routes of the container's main table, as the kernel has them now. CONTAINER_STOPPED unless it runs or
   * is paused.
   */
  routes(): Promise<readonly ContainerRoute[]>;
  /**
   * Returns what the container's egress list, or that of the container whose network it shares, has counted since the
   * start; empty without one. CONTAINER_STOPPED unless it runs or is paused.
   */
  egress(): Promise<readonly EgressCounter[]>;
  /**
   * Returns the configured hostname: the container's own, or that of the host or container whose UTS namespace it
   * shares.
   */
  hostname(): string;
  /**
   * Returns the files that the engine has bind-mounted over the container's own: path in the container to path on the
   * host. Empty unless the container is initialized, runs or is paused.
   */
  bindMounts(): Readonly<Record<string, string>>;
  /** Returns the ids of the containers whose namespaces this one shares, and of those that it `requires`. */
  dependencies(): readonly string[];
  /**
   * Changes limits and restart policy at once, other options for the next start; the changes last. INVALID_ARGUMENT,
   * NO_CGROUPS, UNSUPPORTED_HOST, or UPDATE_FAILED when the kernel refuses: then nothing has changed.
   */
  update(options: UpdateOptions): Promise<void>;
  /**
   * Returns the ids of the containers that depend on this one; with `all` also of those that depend on these, and so
   * on.
   */
  dependents(options?: { readonly all?: boolean }): readonly string[];
  /**
   * Cleans up what is left of an end; an initialized container is `created` afterwards. HAS_DEPENDENTS with `remove`.
   */
  cleanup(options?: CleanupOptions): Promise<void>;
  /** Records what has happened to the container since. In a batch: looks again, which a batch does not do by itself. */
  sync(options?: SignalOption): Promise<void>;
  /**
   * Locks the container and settles its record once, for all that the callback does with the handle it gets; parallel
   * calls on that handle take turns. A call on any other handle of this container would wait for ever. The callback's
   * error is thrown unchanged.
   */
  batch<T>(callback: (container: BatchedContainer) => T | Promise<T>, options?: SignalOption): Promise<T>;
  /**
   * Removes the container with its layer, its log and its name. HAS_DEPENDENTS if others share its namespaces or
   * require it.
   */
  remove(options?: RemoveOptions): Promise<void>;
}

/** A container inside a batch: calls on it take no lock, and are refused when the batch has ended. */
export type BatchedContainer = Omit<Container, 'remove' | 'batch'>;

/**
 * What `engine.run()` takes: a container, removed at its end unless `autoRemove` is false, whose output is collected.
 */
export interface RunOptions extends CreateOptions, CollectOptions {}

/**
 * What `engine.spawn()` takes: a container, removed at its end unless `autoRemove` is false, whose streams are node
 * streams.
 */
export interface SpawnOptions extends CreateOptions, SignalOption {
  /** @default 'pipe' when `interactive`, else 'ignore' */
  readonly stdin?: InputSource;
  /** @default 'pipe' */
  readonly stdout?: OutputTarget;
  /** @default 'pipe' */
  readonly stderr?: OutputTarget;
  /** Initial size of the container's terminal. */
  readonly size?: TerminalSize;
  /** Milliseconds until SIGKILL; 0 is no limit. @default 0 */
  readonly timeoutMs?: number;
}
