/** Starts monitors, and connects to running ones. */
import { TspodError } from '../errors.js';
import { monitorPath } from './addon-path.js';
import { binding } from './binding.js';
import { adoptChild } from './child-process.js';
import { openConnection } from './monitor-connection.js';
import type { MonitorConnection } from './monitor-connection.js';
import { isFailure, NativeError, unwrap } from './native-error.js';
import type { Failure } from './native-error.js';

/** Name of the attach socket in a run directory (docs/state.md). */
const ATTACH_SOCKET = 'attach';

/** Highest number of descriptors that are given to one monitor. */
const MAX_FDS = 1024;

const EAGAIN = 11;
const EPERM = 1;

/**
 * The only variables of this process's environment that a monitor gets: switches for debugging. A container's
 * environment is in its plan.
 */
const PASSED_ON = [
  'TSPOD_DEBUG',
  'TSPOD_TEST',
  'TSPOD_PROFILE',
  'ASAN_OPTIONS',
  'UBSAN_OPTIONS',
  'LSAN_OPTIONS',
] as const;

export interface SpawnMonitorOptions {
  /** Descriptors of this process that the monitor gets as 4, 5, ... They stay open in this process. @default none */
  readonly fds?: readonly number[];
}

/**
 * Starts a monitor, in a session of its own. Its only descriptors are a socket to this process (3), those in `fds`, and
 * /dev/null (its standard error is this process's if TSPOD_DEBUG is set). Returns after its exec: about half a
 * millisecond.
 *
 * The executable is the one beside the addon; it must belong to root or to this user, and nobody else may be able to
 * write to it. TspodError UNSUPPORTED_HOST if that is not so, or if it is missing; NativeError if the process cannot be
 * made.
 */
export function spawnMonitor(options: SpawnMonitorOptions = {}): MonitorConnection {
  const fds = options.fds ?? [];
  if (fds.length > MAX_FDS) throw new TypeError(`${fds.length} descriptors for one monitor, at most ${MAX_FDS}`);
  for (const fd of fds) requireFd(fd);
  const path = monitorPath();
  const spawned = binding().spawnMonitor(path, passedEnvironment(), fds, process.env['TSPOD_DEBUG'] !== undefined);
  if (isFailure(spawned)) throw spawnError(path, spawned);
  const { pid, pidfd, socket } = spawned;
  return openConnection(socket, adoptChild(pid, pidfd));
}

/**
 * Connects to the monitor of a running container through its attach socket. NativeError ENOENT if there is none,
 * ECONNREFUSED if the monitor that made it is gone.
 */
export async function connectMonitor(runDirectory: string): Promise<MonitorConnection> {
  const socket = binding().connectNow(runDirectory, ATTACH_SOCKET);
  if (isFailure(socket) && socket.errno === EAGAIN) {
    return openConnection(unwrap(await binding().connectWaiting(runDirectory, ATTACH_SOCKET)));
  }
  return openConnection(unwrap(socket));
}

function passedEnvironment(): string[] {
  return PASSED_ON.flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [`${name}=${value}`];
  });
}

function requireFd(fd: number): void {
  if (!Number.isInteger(fd) || fd < 0 || fd > 0x7fffffff) throw new TypeError(`not a descriptor: ${fd}`);
}

function spawnError(path: string, failure: Failure): Error {
  const cause = new NativeError(failure);
  if (cause.code === 'ENOENT') {
    const remedy = 'run "npm rebuild tspod", which needs a C++ compiler, make and python3';
    return new TspodError('UNSUPPORTED_HOST', `the monitor "${path}" is missing: ${remedy}`, { cause });
  }
  if (failure.errno === EPERM && failure.syscall === 'execveat') {
    const rule = 'must belong to root or to the user who runs it, and nobody else may write to it (chmod go-w, chown)';
    return new TspodError('UNSUPPORTED_HOST', `the monitor "${path}" ${rule}`, { cause });
  }
  return cause;
}
