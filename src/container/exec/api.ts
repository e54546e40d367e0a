/** Exec sessions as users of the library see them: commands in a container that can be named, left and come back to. */
import type { ExecOptions } from '../../spec/create-options.js';
import type { AttachOptions, AttachSession, SignalOption, TerminalSize } from '../api/container.js';

/** `created`: not started yet. */
export type ExecSessionState = 'created' | 'running' | 'stopped';

export interface ExecCreateOptions extends ExecOptions {
  /** The command's stdout can be attached to; /dev/null otherwise. A terminal always can. @default true */
  readonly attachStdout?: boolean;
  /** @default true */
  readonly attachStderr?: boolean;
  /** Keys that detach, for an attach that names none. @default 'ctrl-p,ctrl-q' */
  readonly detachKeys?: string;
}

export interface ExecStartOptions extends SignalOption {
  /**
   * The descriptors that become 3, 4, ... of the command. @default 3, 4, ... of this process, as many as preserveFds
   */
  readonly fds?: readonly number[];
  /** Initial size of the command's terminal. */
  readonly size?: TerminalSize;
}

export interface ExecStopOptions extends SignalOption {
  /**
   * Seconds between the container's stop signal and SIGKILL; 0 kills at once, -1 waits for ever. @default the
   * container's stopTimeoutSec
   */
  readonly timeoutSec?: number;
}

export interface ExecRemoveOptions extends ExecStopOptions {
  /** Stop the command first. @default false */
  readonly force?: boolean;
}

/** What `inspect` shows of a session, with Podman's field names. */
export interface ExecInspect {
  readonly ID: string;
  readonly ContainerID: string;
  readonly Running: boolean;
  /** Pid on the host; 0 unless the command runs. */
  readonly Pid: number;
  /** 0 until the command has stopped; -1: unknown. */
  readonly ExitCode: number;
  readonly CanRemove: boolean;
  /** '': the default keys. */
  readonly DetachKeys: string;
  readonly OpenStdin: boolean;
  readonly OpenStdout: boolean;
  readonly OpenStderr: boolean;
  readonly ProcessConfig: {
    readonly entrypoint: string;
    readonly arguments: readonly string[];
    readonly privileged: boolean;
    readonly tty: boolean;
    /** '': the container's. */
    readonly user: string;
  };
}

/**
 * A handle of an exec session. The session goes with the run of its container, and five minutes after its own end:
 * NO_SUCH_EXEC_SESSION then. STATE_INVALID for what its state does not allow.
 */
export interface ExecSession {
  /** 64 hexadecimal digits. */
  readonly id: string;
  readonly containerId: string;
  /** Never waits for anything. */
  state(): ExecSessionState;
  /** Never waits for anything. */
  inspect(): ExecInspect;
  /**
   * Starts the command, once for each session; resolves when it runs. The command goes on by itself. Throws as
   * Container.exec().
   */
  start(options?: ExecStartOptions): Promise<void>;
  /**
   * Starts the command with streams that are connected first, so that no output is lost. Detaching leaves the command
   * running.
   */
  startAttached(options: AttachOptions & ExecStartOptions): Promise<AttachSession>;
  /** Connects to the streams of the running command: output from now on. */
  attach(options: AttachOptions): Promise<AttachSession>;
  /** Resizes the terminal; does nothing without one. */
  resize(size: TerminalSize): Promise<void>;
  /** Ends the running command; resolves when its end is recorded. */
  stop(options?: ExecStopOptions): Promise<void>;
  /** Returns the exit code (-1: unknown) of a started session, also when the container ends meanwhile. */
  wait(options?: SignalOption): Promise<number>;
  /** Removes the session. */
  remove(options?: ExecRemoveOptions): Promise<void>;
}
