/** A monitor that somebody has stopped (SIGSTOP) does nothing for its container, and whoever needs it would wait for ever. */
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

/** By SIGSTOP, and by no debugger. */
function isStopped(pid: number): boolean {
  return pid !== 0 && readProcessStat(pid)?.state === 'T';
}
