/** Steps that tell the monitor how to supervise: streams, log, restarts, limits. */
import type { PlanBuilder } from './builder.js';
import { CODES } from './codes.js';
import type { ExtraFd, LaunchContext, LogContext, RestartContext, StdioContext, StreamTarget } from './context.js';
import { NONE } from './ops.js';

/** Mode of log files. A log may hold secrets that the container was given: only root reads it. */
const LOG_MODE = 0o600;

/**
 * Delays before restarts: a container that keeps failing is started again after 0.1 s, 0.2 s and so on, up to a minute.
 */
const FIRST_RESTART_DELAY_MS = 100;
const LAST_RESTART_DELAY_MS = 60000;

/** Adds the settings of a container. */
export function addContainerSettings(builder: PlanBuilder, context: LaunchContext, terminal: boolean): void {
  builder.add('settings', 'role', { kind: CODES.monitorRole.container });
  builder.add('settings', 'runDirectory', { path: context.runDirectory, id: context.id });
  addStdio(builder, context.stdio, terminal);
  if (context.log !== undefined) addLog(builder, context.log);
  if (context.restart !== undefined && context.restart.policy !== 'no') addRestart(builder, context.restart);
  addTimeLimit(builder, context.timeLimitMs);
  addPidFile(builder, 'init', context.pidFile);
  addPidFile(builder, 'monitor', context.monitorPidFile);
}

export interface ExecSettings {
  readonly stdio: StdioContext;
  readonly terminal: boolean;
  readonly timeLimitMs?: number | undefined;
  readonly pidFile?: string | undefined;
  /** Directory where the monitor keeps its records, and the id of the container. */
  readonly session?: { readonly id: string; readonly directory: string } | undefined;
  readonly isCheck: boolean;
}

/** Adds the settings of an exec: on disk only the records of a session, and a pid file that was requested. */
export function addExecSettings(builder: PlanBuilder, settings: ExecSettings): void {
  const { stdio, terminal, timeLimitMs, pidFile, session, isCheck } = settings;
  builder.add('settings', 'role', { kind: CODES.monitorRole[isCheck ? 'check' : 'exec'] });
  if (session !== undefined) builder.add('settings', 'runDirectory', { path: session.directory, id: session.id });
  addStdio(builder, stdio, terminal);
  addTimeLimit(builder, timeLimitMs);
  addPidFile(builder, 'init', pidFile);
}

function addStdio(builder: PlanBuilder, stdio: StdioContext, terminal: boolean): void {
  const stream = (target: StreamTarget): { readonly kind: number; readonly slot: number } => {
    if (terminal || target === 'monitor') return { kind: CODES.streamKind.monitor, slot: NONE };
    if (target === 'null') return { kind: CODES.streamKind.null, slot: NONE };
    const slot = builder.slot();
    builder.add('prepare', 'inheritFd', { slot, fd: target.inheritedFd });
    return { kind: CODES.streamKind.passthrough, slot };
  };
  const [stdin, stdout, stderr] = [stream(stdio.stdin), stream(stdio.stdout), stream(stdio.stderr)];
  builder.add('settings', 'stdio', {
    stdin: stdin.kind,
    stdout: stdout.kind,
    stderr: stderr.kind,
    stdinSlot: stdin.slot,
    stdoutSlot: stdout.slot,
    stderrSlot: stderr.slot,
    terminal: terminal ? 1 : 0,
    keepStdin: stdio.keepStdin ? 1 : 0,
    stdinOnce: stdio.stdinOnce ? 1 : 0,
  });
}

function addLog(builder: PlanBuilder, log: LogContext): void {
  builder.add('settings', 'log', {
    driver: CODES.logDriver[log.driver],
    path: log.path,
    maxBytes: BigInt(log.maxSizeBytes),
    maxFiles: log.maxFiles,
    mode: LOG_MODE,
  });
}

function addRestart(builder: PlanBuilder, { policy, maxRetries }: RestartContext): void {
  builder.add('settings', 'restart', {
    policy: CODES.restartPolicy[policy],
    maxRetries,
    firstDelayMs: FIRST_RESTART_DELAY_MS,
    lastDelayMs: LAST_RESTART_DELAY_MS,
  });
}

function addPidFile(builder: PlanBuilder, owner: keyof typeof CODES.pidFileOwner, path: string | undefined): void {
  if (path !== undefined) builder.add('settings', 'pidFile', { which: CODES.pidFileOwner[owner], path });
}

function addTimeLimit(builder: PlanBuilder, milliseconds = 0): void {
  if (milliseconds > 0) builder.add('settings', 'timeLimit', { milliseconds: BigInt(milliseconds) });
}

export interface TakenFd {
  readonly slot: number;
  /** Number of the descriptor in the command. */
  readonly fd: number;
}

/**
 * Takes the descriptors that the command is given into slots. Before the clone, whose child closes what no slot holds.
 */
export function takeExtraFds(builder: PlanBuilder, fds: readonly ExtraFd[] = []): readonly TakenFd[] {
  return fds.map(({ inheritedFd, fd }) => {
    const slot = builder.slot();
    builder.add('prepare', 'inheritFd', { slot, fd: inheritedFd });
    return { slot, fd };
  });
}

export function exposeFds(builder: PlanBuilder, taken: readonly TakenFd[]): void {
  for (const { slot, fd } of taken) builder.add('init', 'exposeFd', { slot, fd });
}
