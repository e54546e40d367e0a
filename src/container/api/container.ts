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
 * What a container is, in the words that Podman prints: `created` has a record only, `initialized` a process that waits before its
 * exec, `stopped` has ended and is not yet cleaned up, `exited` has ended. `restarting` waits for the delay of its restart policy.
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
  /** Name of the signal that ended it (SIGKILL), or null. */
  readonly signal: NodeJS.Signals | string | null;
  /** The kernel ended a process of the container for lack of memory. */
  readonly oomKilled: boolean;
  /** The container's time limit, or that of the call, ended it. */
  readonly timedOut: boolean;
}

/** The changing part of a container, as one moment saw it. */
export interface ContainerState {
  readonly status: ContainerStatus;
  /** Host pid of the first process; 0 when it does not run. */
  readonly pid: number;
  /** Pid of its monitor; 0 when there is none. */
  readonly monitorPid: number;
  /** Of the last end; 0 before the first. */
  readonly exitCode: number;
  /** The kernel ended a process of it for lack of memory. */
  readonly oomKilled: boolean;
  /** Of the last start; null before the first. */
  readonly startedAt: Date | null;
  /** Of the last end; null before the first. */
  readonly finishedAt: Date | null;
  /** Restarts by policy since the last start by hand. */
  readonly restartCount: number;
  /** By stop() or kill(): no policy starts it again. */
  readonly stoppedByUser: boolean;
  /** What went wrong last, or ''. */
  readonly error: string;
}

/** What may take its time takes one. */
export interface SignalOption {
  /** Ends the wait with an error of code ABORTED; what the call had begun is put right first. */
  readonly signal?: AbortSignal | undefined;
}

/** In characters. */
export interface TerminalSize {
  readonly rows: number;
  readonly columns: number;
}

/** Descriptors of the calling process that the container's process gets as they are, with no copy through the monitor. */
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
  /** Of this process. */
  readonly fds: readonly number[];
  /** What the service manager calls them, in LISTEN_FDNAMES: `web:admin`. @default no names */
  readonly names?: string;
}

export interface StartOptions extends SignalOption {
  /** Log driver `none` or `passthrough` only, and no tty: INVALID_ARGUMENT otherwise. @default through the monitor */
  readonly stdio?: StdioFds;
  /** The descriptors that become 3, 4, ... of the first process. @default 3, 4, ... of this process, as many as the container's preserveFds */
  readonly fds?: readonly number[];
  /**
   * They become 3, 4, ... of the first process, which is told of them by LISTEN_FDS, LISTEN_PID=1 and LISTEN_FDNAMES: at this start, and when its policy restarts
   * it. INVALID_ARGUMENT with preserveFds or a runtime of its own. @default none
   */
  readonly listenFds?: ListenFds;
  /** Start what it depends on first. @default false */
  readonly recursive?: boolean;
  /** First size of the container's terminal. */
  readonly size?: TerminalSize;
}

export interface AttachOptions extends SignalOption {
  /** Where input comes from; absent: none is sent. Ignored when the container's stdin is closed. */
  readonly stdin?: Readable;
  /** Where output goes; its backpressure holds the container back. Absent: output is not sent here. */
  readonly stdout?: Writable;
  /** Not used with a tty, whose output is all stdout. */
  readonly stderr?: Writable;
  /** Keys that detach, as Podman writes them: `ctrl-p,ctrl-q`, `a`, `ctrl-[`; '' is none. Looked for in stdin. @default 'ctrl-p,ctrl-q' with a terminal, '' without */
  readonly detachKeys?: string;
  /** Of the caller's terminal; not used without a tty. */
  readonly size?: TerminalSize;
}

/**
 * `exited` carries how; `detached` by keys or by detach(); `lost` when the connection broke before the end was told, since the monitor was killed or was
 * not to wait any longer for a slow reader: output may be missing, and wait() has the exit code as far as anybody knows it.
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

/** A process with streams, in the manner of node:child_process: a container from `engine.spawn()`, or a command from `spawnExec()`. */
export interface ContainerProcess<
  Stdin extends Writable | null = Writable | null,
  Stdout extends Readable | null = Readable | null,
  Stderr extends Readable | null = Readable | null,
> extends AsyncDisposable {
  /** Id of the container. */
  readonly id: string;
  /** Host pid. */
  readonly pid: number;
  /** null where not asked for. */
  readonly stdin: Stdin;
  readonly stdout: Stdout;
  /** null with a tty. */
  readonly stderr: Stderr;
  /** The end; never rejects for a non-zero code. That of a detached command does not keep this process running until then. */
  readonly ended: Promise<ExitStatus>;
  /** To the first process; does nothing when it has ended. @default 'SIGTERM' */
  kill(signal?: string | number): void;
  /** Does nothing without a tty. */
  resize(size: TerminalSize): void;
}

/** Where a process reads: from a pipe, nothing (/dev/null), this process's input, or a descriptor (not with a tty, nor a container with a log). A terminal is the container's to read, to write and to set then. */
export type InputSource = 'pipe' | 'ignore' | 'inherit' | number;

/** A stream of a process: collected, thrown away, this process's own, or a descriptor (not with a tty, nor a container with a log). A terminal is the container's to read, to write and to set then. */
export type OutputTarget = 'pipe' | 'ignore' | 'inherit' | number;

/** The stream of a process where `Target` was asked for, and `Default` where nothing was. */
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
  /** Most bytes that are kept of each stream; more ends the process with error OUTPUT_TOO_LARGE. @default 64 MiB */
  readonly maxOutputBytes?: number;
  /** SIGKILL after this; the result says timedOut. 0 is no limit. @default 0 */
  readonly timeoutMs?: number;
  /** First size of its terminal. */
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
  /** The descriptors that become 3, 4, ... of the command. @default 3, 4, ... of this process, as many as preserveFds */
  readonly fds?: readonly number[];
  /** First size of its terminal. */
  readonly size?: TerminalSize;
  /** This process does not stay for the command, and output goes to /dev/null unless asked for. @default false */
  readonly detach?: boolean;
}

/** Streams as for attach(), for a command in a running container; with a tty the command gets one of its own. */
export interface ExecAttachOptions extends ExecOptions, AttachOptions {
  /** The descriptors that become 3, 4, ... of the command. @default 3, 4, ... of this process, as many as preserveFds */
  readonly fds?: readonly number[];
}

export interface StopOptions extends SignalOption {
  /** Seconds between the stop signal and SIGKILL; 0 kills at once, -1 waits for ever. @default the container's stopTimeoutSec */
  readonly timeoutSec?: number;
  /** Ends those that depend on it first, and before these those that depend on them; each has its own time. @default false */
  readonly depend?: boolean;
  /** Told when the time was up and SIGKILL was sent. */
  readonly onWarning?: (text: string) => void;
}

export interface RemoveOptions extends SignalOption {
  /** Ends it first. @default false */
  readonly force?: boolean;
  /** For force: seconds before SIGKILL, as for stop(). @default the container's stopTimeoutSec */
  readonly timeoutSec?: number;
  /** Removes the containers that depend on it first. @default false */
  readonly depend?: boolean;
  /** Removes its anonymous volumes that no other container has, as it is done with those of a container with `autoRemove`. @default false */
  readonly volumes?: boolean;
}

export interface CleanupOptions extends SignalOption {
  /** Remove it afterwards, as remove() does. @default false */
  readonly remove?: boolean;
}

/** What wait() may wait for besides the end (`stopped`, which also matches `exited`). */
export const WAIT_CONDITIONS = [...CONTAINER_STATUSES, 'configured', 'unknown', 'healthy', 'unhealthy'] as const;

export type WaitCondition = (typeof WAIT_CONDITIONS)[number];

export interface WaitOptions extends SignalOption {
  /** Any of them ends the wait. @default ['stopped', 'exited'] */
  readonly conditions?: readonly WaitCondition[];
  /** Milliseconds between looks, for conditions that nothing announces. @default 250 */
  readonly intervalMs?: number;
}

/** What a health check came to; `starting`: the start-up check has failed; `stopped`: there was nothing to check. */
export interface HealthcheckResult extends Omit<HealthRecord, 'status'> {
  readonly status: HealthStatus | 'stopped';
}

export interface LogsOptions extends SignalOption {
  /** Go on until the container ends. @default false */
  readonly follow?: boolean;
  /** The last lines only; -1 is all. @default -1 */
  readonly tail?: number;
  /** Only what was written from then on. @default all */
  readonly since?: Date;
  /** Only what was written until then. @default all */
  readonly until?: Date;
  /** RFC 3339 time and a space before each line. @default false */
  readonly timestamps?: boolean;
  /** Put before each line (before its time). @default '' */
  readonly prefix?: string;
  /** One stream only. @default both */
  readonly stream?: 'stdout' | 'stderr';
}

/**
 * A handle: an id and verbs. It holds no state of its own, so it never goes stale; each verb looks at the container as it is now.
 *
 * Every verb throws NO_SUCH_CONTAINER when the container is gone, STATE_INVALID in a state that does not allow it (docs/state.md has the table),
 * ENGINE_CLOSED, and with a `signal` ABORTED.
 */
export interface Container extends ContainerFiles {
  /** 64 hexadecimal digits. */
  readonly id: string;
  /** As it is now. */
  readonly name: string;
  /** Never waits for a lock. */
  state(): ContainerState;
  /** Everything about it. Never waits for a lock. `size` walks its files. @throws STORE_BROKEN if its record cannot be read */
  inspect(options?: { readonly size?: boolean }): ContainerInspect;
  /** Makes the process and stops short of its exec. Errors as of start(). */
  init(options?: StartOptions): Promise<void>;
  /**
   * Resolves when the command runs. After an error nothing is left of the start: COMMAND_NOT_FOUND, COMMAND_NOT_EXECUTABLE, NO_SUCH_USER,
   * LAUNCH_FAILED (`details` name the step), DISK_FULL, MONITOR_DIED, UNSUPPORTED_HOST; STATE_RUNNING if it runs.
   */
  start(options?: StartOptions): Promise<void>;
  /** Starts with the connection made first, so that no output is lost. Errors as of start(). */
  startAttached(options: AttachOptions & StartOptions): Promise<AttachSession>;
  /** Connects to the streams of a running container: output from now on. */
  attach(options: AttachOptions): Promise<AttachSession>;
  /** Ends it: stop signal, time, SIGKILL. Resolves when its end is recorded. CONTAINER_STOPPED if it has ended. */
  stop(options?: StopOptions): Promise<void>;
  /** Stops it if it runs, and starts it. Errors as of start(). */
  restart(options?: StopOptions & StartOptions): Promise<void>;
  /**
   * To the first process: name with or without SIG, RTMIN+n, or number; INVALID_ARGUMENT for what is none. After SIGKILL it waits for the end. No
   * policy restarts the container afterwards. @default 'SIGKILL'
   */
  kill(signal?: string | number): Promise<void>;
  /** Freezes all its processes; resolves when they stand still. NO_CGROUPS; TIMED_OUT after 10 seconds. */
  pause(): Promise<void>;
  /** NO_CGROUPS if it has none. */
  unpause(): Promise<void>;
  /**
   * The exit code (-1: unknown); 0 for one that never ran. Also answers for a container that is removed meanwhile, or was in the last five
   * minutes. INVALID_ARGUMENT for an unknown condition, NO_HEALTHCHECK for `healthy` and `unhealthy` without a check.
   */
  wait(options?: WaitOptions): Promise<number>;
  /**
   * Runs its health check (that of `health` in its options) now, and counts the result like those of the checks that the monitor runs by
   * itself. Resolves in every state. NO_HEALTHCHECK.
   */
  healthcheck(options?: SignalOption): Promise<HealthcheckResult>;
  /**
   * Runs a command in a running container and collects its output; a non-zero exit is a result. COMMAND_NOT_FOUND, COMMAND_NOT_EXECUTABLE,
   * NO_SUCH_USER, LAUNCH_FAILED, OUTPUT_TOO_LARGE, INVALID_ARGUMENT.
   */
  exec(options: ExecCollectOptions & { readonly encoding: 'buffer' }): Promise<CollectedResult<Buffer>>;
  exec(options: ExecCollectOptions & { readonly encoding?: BufferEncoding }): Promise<CollectedResult>;
  exec(options: ExecCollectOptions): Promise<CollectedResult<string | Buffer>>;
  /** The same with streams: resolves when the command runs. */
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
  /** The same with the caller's streams, through the monitor. */
  execAttached(options: ExecAttachOptions): Promise<AttachSession>;
  /** Records a command that is to be started in it, once. STATE_INVALID unless it runs, INVALID_ARGUMENT. */
  createExec(options: ExecCreateOptions): Promise<ExecSession>;
  /** Records and starts it at once; a failure, or the end of this process in between, leaves nothing. Errors as of exec(). */
  startExec(options: ExecCreateOptions & ExecStartOptions): Promise<ExecSession>;
  /** Its exec sessions, oldest first: those of this run that have not stopped, or not long ago. Never waits for a lock. */
  execSessions(): readonly ExecSession[];
  /** What it has written, as its log has it. NO_LOGS with a driver that keeps none. */
  logs(options?: LogsOptions): AsyncIterable<LogChunk>;
  /** Makes the monitor open the log file anew (after it was moved away). */
  reopenLog(): Promise<void>;
  /** INVALID_ARGUMENT for a bad name, NAME_IN_USE. */
  rename(name: string): Promise<void>;
  /** What it uses. Never waits for a lock. STATE_INVALID unless it runs or is paused; NO_CGROUPS with `cgroups: 'disabled'`. */
  stats(options?: StatsOptions): ContainerStats;
  /** The same again and again until it ends, the first at once. */
  watchStats(options?: WatchStatsOptions): AsyncIterable<ContainerStats>;
  /** Its processes, by pid. */
  top(): Promise<readonly ContainerProcessInfo[]>;
  /** `/proc/PID/ns/NAME`. CONTAINER_STOPPED unless it runs or is paused; INVALID_ARGUMENT. */
  namespacePath(kind: ContainerNamespace): string;
  /** From the mount point of each hierarchy that it is in. CONTAINER_STOPPED unless it runs or is paused; NO_CGROUPS. */
  cgroupPath(): string;
  /** Addresses of its interfaces, as the kernel has them now. CONTAINER_STOPPED unless it runs or is paused. */
  addresses(): Promise<readonly ContainerAddress[]>;
  /** Routes of its main table, as the kernel has them now. CONTAINER_STOPPED unless it runs or is paused. */
  routes(): Promise<readonly ContainerRoute[]>;
  /** What its egress list, or that of the container whose network it shares, has counted since the start; empty without one. CONTAINER_STOPPED unless it runs or is paused. */
  egress(): Promise<readonly EgressCounter[]>;
  /** As configured: its own, or the host's or that of the container whose UTS namespace it shares. */
  hostname(): string;
  /** Files that the engine has bound over its own: where they are in it, and on the host. Empty unless it is initialized, runs or is paused. */
  bindMounts(): Readonly<Record<string, string>>;
  /** Ids of the containers whose namespaces it shares, and of those that it `requires`. */
  dependencies(): readonly string[];
  /**
   * Changes limits and restart policy at once, the rest for the next start; it lasts. INVALID_ARGUMENT, NO_CGROUPS, UNSUPPORTED_HOST, or
   * UPDATE_FAILED when the kernel refuses: then nothing has changed.
   */
  update(options: UpdateOptions): Promise<void>;
  /** Ids of the containers that depend on it; with `all` also of those that depend on these, and so on. */
  dependents(options?: { readonly all?: boolean }): readonly string[];
  /** Clears away what is left of an end; one that is initialized is `created` afterwards. HAS_DEPENDENTS with `remove`. */
  cleanup(options?: CleanupOptions): Promise<void>;
  /** Records what has happened to it since. In a batch: looks again, which a batch does not by itself. */
  sync(options?: SignalOption): Promise<void>;
  /**
   * Locks the container and settles its record once, for all that the callback does with the handle it gets; parallel calls on that one take
   * turns. A call on any other handle of this container would wait for ever. The callback's error passes unchanged.
   */
  batch<T>(callback: (container: BatchedContainer) => T | Promise<T>, options?: SignalOption): Promise<T>;
  /** With its layer, its log and its name. HAS_DEPENDENTS if others share its namespaces or require it. */
  remove(options?: RemoveOptions): Promise<void>;
}

/** A container inside a batch: calls on it take no lock, and are refused when the batch has ended. */
export type BatchedContainer = Omit<Container, 'remove' | 'batch'>;

/** What `engine.run()` takes: a container, removed at its end unless `autoRemove` is false, whose output is collected. */
export interface RunOptions extends CreateOptions, CollectOptions {}

/** What `engine.spawn()` takes: a container, removed at its end unless `autoRemove` is false, whose streams are node streams. */
export interface SpawnOptions extends CreateOptions, SignalOption {
  /** @default 'pipe' when `interactive`, else 'ignore' */
  readonly stdin?: InputSource;
  /** @default 'pipe' */
  readonly stdout?: OutputTarget;
  /** @default 'pipe' */
  readonly stderr?: OutputTarget;
  /** First size of the container's terminal. */
  readonly size?: TerminalSize;
  /** SIGKILL after this. 0 is no limit. @default 0 */
  readonly timeoutMs?: number;
}
