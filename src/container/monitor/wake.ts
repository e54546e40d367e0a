/**
 * Wakes monitors that somebody has stopped (SIGSTOP): a stopped monitor does nothing for its container, and whoever
 * needs it would wait for ever.
 */
import type { MonitorConnection } from '../../native/monitor-connection.js';
import { readProcessStat } from '../../native/process-stat.js';
import { openProcess, type ProcessHandle } from '../../native/process-handle.js';
import type { ProcessRef } from '../../plan/context.js';
import { signalProcess } from './signal-process.js';

/** Lets a stopped monitor go on, unless a debugger holds it. */
export function wakeMonitor(monitor: ProcessRef): void {
  if (!isStopped(monitor.pid)) return;
  using handle = openProcess(monitor.pid, monitor.startTime);
  signalProcess(handle, 'SIGCONT');
}

/** Does the same as wakeMonitor() for a monitor that is held by a descriptor. */
export function wakeProcess(monitor: ProcessHandle): void {
  if (isStopped(monitor.pid)) signalProcess(monitor, 'SIGCONT');
}

/** Time between two looks at a monitor that somebody is connected to, in ms. */
const LOOK_MS = 5000;

/**
 * Wakes a monitor whenever it is stopped, for as long as the connection lives. It is looked at from time to time, since
 * only its parent is told of a stop.
 */
export function keepAwake({ closed }: Pick<MonitorConnection, 'closed'>, find: () => ProcessRef | undefined): void {
  const timer = setInterval(() => {
    wakeQuietly(find);
  }, LOOK_MS).unref();
  const stop = () => {
    clearInterval(timer);
  };
  closed.then(stop, stop);
}

/**
 * Wakes a monitor without failing: what prevents it (too few descriptors, for example) may be over at the next look.
 */
function wakeQuietly(find: () => ProcessRef | undefined): void {
  try {
    const monitor = find();
    if (monitor !== undefined) wakeMonitor(monitor);
  } catch {
    // Tried again at the next look.
  }
}

/** Whether a process is stopped by SIGSTOP, and not by a debugger. */
function isStopped(pid: number): boolean {
  return pid !== 0 && readProcessStat(pid)?.state === 'T';
}
