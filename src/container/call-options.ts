/**
 * Checks the options of each call on a container before anything begins: a misspelt option must not end or remove more
 * than was meant, give more or less of the output, or be missing from a command that already runs.
 */
import { fstatSync } from 'node:fs';

import { invalid } from '../errors.js';
import { checkInteger } from '../spec/checks/numbers.js';
import { checkedCall, checkShape, type ShapeOf } from '../spec/checks/shape.js';
import { snapshot } from '../util/snapshot.js';
import type { CreateOptions, ExecOptions } from '../spec/create-options.js';
import { CREATE_SHAPE, EXEC_SHAPE } from '../spec/option-shapes.js';
import { holdErrors } from '../util/source-errors.js';
import type {
  AttachOptions,
  CleanupOptions,
  ExecAttachOptions,
  ExecCollectOptions,
  ExecSpawnOptions,
  LogsOptions,
  RemoveOptions,
  RunOptions,
  SignalOption,
  SpawnOptions,
  StartOptions,
  ListenFds,
  StdioFds,
  StopOptions,
  TerminalSize,
  WaitOptions,
} from './api/container.js';
import type { WatchStatsOptions, StatsOptions } from './api/stats.js';
import type { ExecCreateOptions, ExecRemoveOptions, ExecStartOptions, ExecStopOptions } from './exec/api.js';
import type { CloneOptions } from './verbs/clone.js';

/** Shape of the options of a call that takes a signal only. */
export const SIGNAL: ShapeOf<SignalOption> = { signal: 'signal' };

const SIZE: ShapeOf<TerminalSize> = { rows: 'number', columns: 'number' };

/** Range of rows and columns: the kernel keeps 16 bits of each. */
const SIZE_RANGE = { min: 0, max: 0xffff };

/** Checks the size of a terminal. Throws TypeError, INVALID_ARGUMENT. */
export function checkedSize(size: TerminalSize): TerminalSize {
  checkShape('size', size, SIZE);
  checkInteger('rows', size.rows, SIZE_RANGE);
  checkInteger('columns', size.columns, SIZE_RANGE);
  return size;
}

const DESCRIPTORS: ShapeOf<StdioFds> = { stdin: 'number', stdout: 'number', stderr: 'number' };

interface Parts {
  readonly size?: TerminalSize;
  readonly stdio?: StdioFds;
  readonly fds?: readonly number[];
  readonly listenFds?: ListenFds;
}

const LISTEN_FDS: ShapeOf<ListenFds> = { fds: 'integers', names: 'string' };

/** Throws INVALID_ARGUMENT for a descriptor that is not open. */
function checkOpen(streams: object): void {
  for (const name of ['stdin', 'stdout', 'stderr']) {
    const stream: unknown = Reflect.get(streams, name);
    if (typeof stream === 'number') requireOpen(name, stream);
  }
}

function requireOpen(name: string, fd: number): void {
  if (Number.isInteger(fd) && fd >= 0 && fd < 2 ** 31 && isOpen(fd)) return;
  throw invalid(`${name}: descriptor ${String(fd)} is not open`);
}

function isOpen(fd: number): boolean {
  try {
    fstatSync(fd);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'EBADF';
  }
}

/**
 * Checks the shape of a call's options, and the terminal size and descriptors in them. Throws as checkShape(), and
 * INVALID_ARGUMENT.
 */
function checkStreams<T extends Parts>(call: string, options: T, shape: ShapeOf<T>): T {
  checkShape(`${call} options`, options, shape);
  if (options.size !== undefined) checkedSize(options.size);
  if (options.stdio !== undefined) {
    checkShape(`${call} options.stdio`, options.stdio, DESCRIPTORS);
    checkOpen(options.stdio);
  }
  checkOpen(options);
  for (const fd of options.fds ?? []) requireOpen('fds', fd);
  if (options.listenFds !== undefined) {
    checkShape(`${call} options.listenFds`, options.listenFds, LISTEN_FDS);
    for (const fd of options.listenFds.fds) requireOpen('listenFds', fd);
  }
  return snapshot(options);
}

const STOP: ShapeOf<StopOptions> = { timeoutSec: 'number', depend: 'boolean', onWarning: 'function', signal: 'signal' };

const START: ShapeOf<StartOptions> = {
  stdio: 'object',
  fds: 'integers',
  listenFds: 'object',
  recursive: 'boolean',
  size: 'object',
  signal: 'signal',
};

const RESTART: ShapeOf<StopOptions & StartOptions> = { ...STOP, ...START };

const REMOVE: ShapeOf<RemoveOptions> = {
  force: 'boolean',
  timeoutSec: 'number',
  depend: 'boolean',
  volumes: 'boolean',
  signal: 'signal',
};

const CLEAN_UP: ShapeOf<CleanupOptions> = { remove: 'boolean', signal: 'signal' };

const CLONE: ShapeOf<CloneOptions> = {
  name: 'string',
  resources: 'object',
  destroy: 'boolean',
  pod: 'string',
  force: 'boolean',
  signal: 'signal',
};

const STATS: ShapeOf<StatsOptions> = { previous: 'object' };
const WATCH_STATS: ShapeOf<WatchStatsOptions> = { intervalMs: 'number', signal: 'signal' };

const WAIT: ShapeOf<WaitOptions> = { conditions: 'strings', intervalMs: 'number', signal: 'signal' };

const ATTACH: ShapeOf<AttachOptions> = {
  stdin: 'object',
  stdout: 'object',
  stderr: 'object',
  detachKeys: 'string',
  size: 'object',
  signal: 'signal',
};

const START_ATTACHED: ShapeOf<AttachOptions & StartOptions> = { ...ATTACH, ...START };

/** What run() and exec() take besides the options of the container or the command. */
const COLLECT_CALL: ShapeOf<Omit<RunOptions, keyof CreateOptions | 'timeoutMs'>> = {
  input: 'input',
  stdout: 'stdio',
  stderr: 'stdio',
  encoding: 'string',
  maxOutputBytes: 'number',
  size: 'object',
  signal: 'signal',
};

const RUN_CALL: ShapeOf<Omit<RunOptions, keyof CreateOptions>> = { ...COLLECT_CALL, timeoutMs: 'number' };
const RUN: ShapeOf<RunOptions> = { ...CREATE_SHAPE, ...RUN_CALL };

const SPAWN_CALL: ShapeOf<Omit<SpawnOptions, keyof CreateOptions>> = {
  stdin: 'stdio',
  stdout: 'stdio',
  stderr: 'stdio',
  size: 'object',
  timeoutMs: 'number',
  signal: 'signal',
};
const SPAWN: ShapeOf<SpawnOptions> = { ...CREATE_SHAPE, ...SPAWN_CALL };

const EXEC: ShapeOf<ExecCollectOptions> = { ...EXEC_SHAPE, ...COLLECT_CALL };

const SPAWN_EXEC_CALL: ShapeOf<Omit<ExecSpawnOptions, keyof ExecOptions>> = {
  stdin: 'stdio',
  stdout: 'stdio',
  stderr: 'stdio',
  fds: 'integers',
  size: 'object',
  detach: 'boolean',
  signal: 'signal',
};
const SPAWN_EXEC: ShapeOf<ExecSpawnOptions> = { ...EXEC_SHAPE, ...SPAWN_EXEC_CALL };

const ATTACH_EXEC: ShapeOf<ExecAttachOptions> = { ...EXEC_SHAPE, ...ATTACH, fds: 'integers' };

const CREATE_EXEC: ShapeOf<ExecCreateOptions> = {
  ...EXEC_SHAPE,
  attachStdout: 'boolean',
  attachStderr: 'boolean',
  detachKeys: 'string',
};

const START_SESSION: ShapeOf<ExecStartOptions> = { fds: 'integers', size: 'object', signal: 'signal' };
const START_SESSION_ATTACHED: ShapeOf<AttachOptions & ExecStartOptions> = { ...ATTACH, ...START_SESSION };
const START_EXEC: ShapeOf<ExecCreateOptions & ExecStartOptions> = { ...CREATE_EXEC, ...START_SESSION };
const STOP_SESSION: ShapeOf<ExecStopOptions> = { timeoutSec: 'number', signal: 'signal' };
const REMOVE_SESSION: ShapeOf<ExecRemoveOptions> = { ...STOP_SESSION, force: 'boolean' };

/** Options of the call itself, which come in one object with those of the container or the command. */
const CALL_OF_RUN = { ...RUN_CALL, ...SPAWN_CALL };
const CALL_OF_EXEC = { ...COLLECT_CALL, ...SPAWN_EXEC_CALL, ...ATTACH };

const LOGS: ShapeOf<LogsOptions> = {
  follow: 'boolean',
  tail: 'number',
  since: 'date',
  until: 'date',
  timestamps: 'boolean',
  prefix: 'string',
  stream: 'string',
  signal: 'signal',
};

/** Each of these throws TypeError as checkShape() does. */
export const checkedStop = (options?: StopOptions) => checkedCall('stop', options, STOP);
export const checkedStart = (options: StartOptions = {}) => checkStreams('start', options, START);
export const checkedRestart = (options: StopOptions & StartOptions = {}) => checkStreams('restart', options, RESTART);
export const checkedRemove = (options?: RemoveOptions) => checkedCall('remove', options, REMOVE);
export const checkedCleanup = (options?: CleanupOptions) => checkedCall('cleanup', options, CLEAN_UP);
export const checkedClone = (options?: CloneOptions) => checkedCall('clone', options, CLONE);
export const checkedInspect = (options?: { readonly size?: boolean }) =>
  checkedCall('inspect', options, { size: 'boolean' });
export const checkedDependents = (options?: { readonly all?: boolean }) =>
  checkedCall('dependents', options, { all: 'boolean' });
export const checkedStats = (options?: StatsOptions) => checkedCall('stats', options, STATS);
export const checkedWatchStats = (options?: WatchStatsOptions) => checkedCall('watchStats', options, WATCH_STATS);
export const checkedSync = (options?: SignalOption) => checkedCall('sync', options, SIGNAL);
export const checkedBatch = (options?: SignalOption) => checkedCall('batch', options, SIGNAL);
export const checkedWait = (options?: WaitOptions) => checkedCall('wait', options, WAIT);
export const checkedAttach = (options: AttachOptions = {}) => checkStreams('attach', options, ATTACH);
export const checkedStartAttached = (options: AttachOptions & StartOptions) =>
  checkStreams('start', options, START_ATTACHED);
export const checkedHealthcheck = (options?: SignalOption) => checkedCall('healthcheck', options, SIGNAL);
export const checkedSpawn = (options: SpawnOptions) => checkStreams('spawn', options, SPAWN);
export const checkedSpawnExec = (options: ExecSpawnOptions) => checkStreams('spawnExec', options, SPAWN_EXEC);
export const checkedExecAttached = (options: ExecAttachOptions) => checkStreams('execAttached', options, ATTACH_EXEC);
export const checkedCreateExec = (options: ExecCreateOptions) => {
  checkShape('createExec options', options, CREATE_EXEC);
  return snapshot(options);
};
export const checkedStartExec = (options: ExecCreateOptions & ExecStartOptions) =>
  checkStreams('startExec', options, START_EXEC);
export const checkedSessionStart = (options: ExecStartOptions = {}) => checkStreams('start', options, START_SESSION);
export const checkedSessionStartAttached = (options: AttachOptions & ExecStartOptions) =>
  checkStreams('start', options, START_SESSION_ATTACHED);
export const checkedSessionStop = (options?: ExecStopOptions) => checkedCall('stop', options, STOP_SESSION);
export const checkedSessionRemove = (options?: ExecRemoveOptions) => checkedCall('remove', options, REMOVE_SESSION);
export const checkedSessionWait = (options?: SignalOption) => checkedCall('wait', options, SIGNAL);

/** Checks the options of run(). From now on the input may fail without anybody listening to it. */
export function checkedRun(options: RunOptions): RunOptions {
  holdInput(options);
  return checkStreams('run', options, RUN);
}

export function checkedExec(options: ExecCollectOptions): ExecCollectOptions {
  holdInput(options);
  return checkStreams('exec', options, EXEC);
}

/** Lets the input fail without anybody listening to it, also when the options are refused. */
function holdInput(options: unknown): void {
  if (typeof options === 'object' && options !== null && 'input' in options) holdErrors(options.input);
}

/** Picks the options of the container from those of run() or spawn(). */
export function pickCreateOptions<T extends CreateOptions>(options: T): CreateOptions {
  return without(options, CALL_OF_RUN);
}

/** Picks the options of the command from those of exec(), spawnExec() or execAttached(). */
export function pickExecOptions(options: ExecOptions): ExecOptions {
  return without(options, CALL_OF_EXEC) as unknown as ExecOptions;
}

function without(options: object, shape: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(options).filter(([key]) => !Object.hasOwn(shape, key)));
}

/** Throws TypeError as checkShape() does, and INVALID_ARGUMENT for a bad `tail` or `stream`. */
export function checkedLogs(options?: LogsOptions): LogsOptions | undefined {
  const { tail = -1, stream } = checkedCall('logs', options, LOGS) ?? {};
  if (!Number.isInteger(tail)) throw invalid(`tail must be a whole number of lines, not ${String(tail)}`);
  if (stream !== undefined && stream !== 'stdout' && stream !== 'stderr') {
    throw invalid(`stream must be stdout or stderr, not ${JSON.stringify(stream)}`);
  }
  return options;
}
