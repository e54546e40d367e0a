/** A monitor that somebody has stopped (SIGSTOP) does nothing for its container, and whoever needs it would wait for ever. */
import type { MonitorConnection } from '../../native/monitor-connection.js';
import { readProcessStat } from '../../native/process-stat.js';
import { openProcess, type ProcessHandle } from '../../native/process-handle.js';
import type { ProcessRef } from '../../plan/context.js';
import { signalProcess } from './signal-process.js';

/** Lets it go on. One that a debugger holds is left alone. */
export function wakeMonitor(monitor: ProcessRef): void {
  if (!isStopped(monitor.pid)) return;
  using handle = openProcess(monitor.pid, monitor.startTime);
  signalProcess(handle, 'SIGCONT');
}

/** The same of one that is held. */
export function wakeProcess(monitor: ProcessHandle): void {
  if (isStopped(monitor.pid)) signalProcess(monitor, 'SIGCONT');
}

/** How long whoever needs it may find it stopped. */
const LOOK_MS = 5000;

/** Lets it go on whenever it is stopped, for as long as somebody is connected to it. By the clock: a stop is told to nobody but the parent. */
export function keepAwake({ closed }: Pick<MonitorConnection, 'closed'>, find: () => ProcessRef | undefined): void {
  const timer = setInterval(() => {
    wakeQuietly(find);
  }, LOOK_MS).unref();
  const stop = () => {
    clearInterval(timer);
  };
  closed.then(stop, stop);
}

/** What keeps us from it (no descriptors, say) may be over at the next look. */
function wakeQuietly(find: () => ProcessRef | undefined): void {
  try {
    const monitor = find();
    if (monitor !== undefined) wakeMonitor(monitor);
  } catch {
    // Nobody waits for this one.
  }
}

/** By SIGSTOP, and by no debugger. */
function isStopped(pid: number): boolean {
  return pid !== 0 && readProcessStat(pid)?.state === 'T';
}
