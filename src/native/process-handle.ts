/**
 * Handles of processes that are not this process's children: found again without mistaking another process for them,
 * signalled and waited for.
 */
import { parseSignal } from '../util/signals.js';
import { abortedError, onAbort, throwIfAborted } from './abort.js';
import { binding, WATCH_READ } from './binding.js';
import { isFailure, NativeError, unwrap } from './native-error.js';
import { requireOptions, SIGNAL } from './options.js';
import { readProcessStat } from './process-stat.js';

/** A process, held by a pidfd: never another one that got the same pid later. */
export interface ProcessHandle extends Disposable {
  readonly pid: number;
  /**
   * Sends a signal: a number (1 to 64) or a name (`SIGTERM`, `TERM`, `RTMIN+3`). NativeError ESRCH if the process has
   * ended, EPERM; TypeError for an unknown signal.
   */
  kill(signal: number | string): void;
  /**
   * Resolves when the process has ended, whether it has been reaped or not. TspodError ABORTED when the signal aborts.
   */
  wait(options?: { readonly signal?: AbortSignal }): Promise<void>;
  /** Whether the process has not ended; a zombie has. */
  isAlive(): boolean;
  /**
   * Closes the handle: other methods throw TypeError from then on, but a `wait` that has begun continues. Calling it
   * again does nothing.
   */
  close(): void;
}

const ESRCH = 3;

/**
 * Opens a running process; undefined if there is none with this pid, if it has ended (a zombie has), or if it did not
 * start at `startTime` (clock ticks since boot: field 22 of /proc/PID/stat) and is therefore another process. TypeError
 * for an invalid pid; NativeError EMFILE, ENOSYS (before Linux 5.3).
 */
export function openProcess(pid: number, startTime?: number | bigint): ProcessHandle | undefined {
  requirePid(pid);
  if (startTime !== undefined && typeof startTime !== 'bigint' && !Number.isInteger(startTime))
    throw new TypeError('a start time is a whole number');
  const pidfd = binding().openPidfd(pid);
  if (isFailure(pidfd)) {
    if (pidfd.errno === ESRCH) return undefined;
    throw new NativeError({ ...pidfd, path: String(pid) });
  }
  const handle = handleOf(pid, pidfd);
  try {
    // /proc is read after the open: from then on the pid cannot go to another process unnoticed.
    const isIt = startTime === undefined || processStartTime(pid) === BigInt(startTime);
    if (isIt && handle.isAlive()) return handle;
  } catch (error) {
    handle.close();
    throw error;
  }
  handle.close();
  return undefined;
}

/**
 * Returns when a process started, in clock ticks since boot (field 22 of /proc/PID/stat); undefined if there is no such
 * process, or only its zombie.
 */
export function processStartTime(pid: number): bigint | undefined {
  requirePid(pid);
  return readProcessStat(pid)?.startTime;
}

function requirePid(pid: number): void {
  if (!Number.isInteger(pid) || pid < 1 || pid > 0x7fffffff) throw new TypeError(`not a process id: ${pid}`);
}

function handleOf(pid: number, pidfd: number): ProcessHandle {
  let open = true;
  const use = (): number => {
    if (!open) throw new TypeError(`the handle of process ${pid} is closed`);
    return pidfd;
  };
  const close = () => {
    if (open) binding().closeFd(pidfd);
    open = false;
  };
  return {
    pid,
    kill: (signal) => sendSignal(use(), pid, signal),
    wait: (options) => waitForEnd(use(), pid, options),
    isAlive: () => !unwrap(binding().hasEnded(use())),
    close,
    [Symbol.dispose]: close,
  };
}

function sendSignal(pidfd: number, pid: number, signal: number | string): void {
  const number = parseSignal(signal);
  if (number === undefined) throw new TypeError(`not a signal: "${signal}"`);
  const sent = binding().sendSignal(pidfd, number);
  if (isFailure(sent)) throw new NativeError({ ...sent, path: String(pid) });
}

async function waitForEnd(pidfd: number, pid: number, options: { readonly signal?: AbortSignal } = {}): Promise<void> {
  requireOptions('wait options', options, SIGNAL);
  const { signal } = options;
  const what = `wait for process ${pid}`;
  throwIfAborted(what, signal);
  const own = unwrap(binding().duplicate(pidfd)); // the handle may be closed meanwhile
  let watch: number | undefined;
  let forget = () => {};
  try {
    await new Promise<void>((resolve, reject) => {
      watch = unwrap(binding().watch(own, () => resolve(), false));
      binding().watchEvents(watch, WATCH_READ);
      forget = onAbort(signal, () => signal !== undefined && reject(abortedError(what, signal)));
    });
  } finally {
    forget();
    if (watch !== undefined) binding().unwatch(watch);
    binding().closeFd(own);
  }
}
