/** Waits for the end of a monitor: when it is gone, its container's teardown is done. */
import { existsSync } from 'node:fs';

import { isTspodError, TspodError } from '../../errors.js';
import { throwIfAborted } from '../../native/abort.js';
import type { ProcessHandle } from '../../native/process-handle.js';
import { readExitRecord } from './run-record.js';
import { signalProcess } from './signal-process.js';
import { wakeProcess } from './wake.js';
import { MAX_TIMER_MS } from '../../util/timer.js';

/**
 * How long a monitor may take to end, in ms. After its work it lingers for a client that does not read what it was
 * sent.
 */
const LINGER_MS = 5000;

/** How long a killed process may take to vanish, in ms. */
export const KILL_GRACE_MS = 5000;

/** Error for a killed process that has not vanished by then. */
export function stuck(id: string): TspodError {
  return new TspodError('STATE_INVALID', `container ${id} does not end: its process is stuck in the kernel`, {
    details: { id, stuck: true },
  });
}

export function isStuck(error: unknown): boolean {
  return isTspodError(error, 'STATE_INVALID') && error.details['stuck'] === true;
}

/** The files in which a monitor records the state and the end of its container or command. */
interface MonitorFiles {
  readonly state: string;
  readonly exit: string;
}

/**
 * Resolves when the monitor is gone. A monitor that is stopped (SIGSTOP) meanwhile is woken. What a client has not read
 * by then is lost to it. Throws ABORTED.
 */
export async function monitorEnd(monitor: ProcessHandle, files: MonitorFiles, signal?: AbortSignal): Promise<void> {
  while (!(await endsWithin(monitor, LINGER_MS, signal))) {
    wakeProcess(monitor);
    if (isLeaving(files)) signalProcess(monitor, 'SIGTERM');
  }
}

/**
 * Whether the monitor's teardown is done, before which it must get no signal: it has recorded the end, or removed the
 * files of a container with `autoRemove`.
 */
function isLeaving({ state, exit }: MonitorFiles): boolean {
  return readExitRecord(exit) !== undefined || !existsSync(state);
}

/** Whether the process ends within `ms`. Throws ABORTED. */
export async function endsWithin(
  process: ProcessHandle,
  ms: number,
  signal: AbortSignal | undefined,
  what = 'stop',
): Promise<boolean> {
  throwIfAborted(what, signal);
  const timeUp = new AbortController();
  const timer =
    ms > MAX_TIMER_MS
      ? undefined
      : setTimeout(() => {
          timeUp.abort();
        }, ms);
  const either = signal === undefined ? timeUp.signal : AbortSignal.any([timeUp.signal, signal]);
  try {
    await process.wait({ signal: either });
    return true;
  } catch (error) {
    throwIfAborted(what, signal);
    if (timer === undefined) throw error;
    return !process.isAlive();
  } finally {
    clearTimeout(timer);
  }
}
