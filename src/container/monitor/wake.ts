/** A monitor that somebody has stopped (SIGSTOP) does nothing for its container, and whoever needs it would wait for ever. */
import { openProcess } from '../../native/process-handle.js';
import type { ProcessRef } from '../../plan/context.js';
import { isStopped } from '../observe.js';
import { signalProcess } from './signal-process.js';

/** Lets it go on. One that a debugger holds is left alone. */
export function wakeMonitor(monitor: ProcessRef): void {
  if (!isStopped(monitor)) return;
  using handle = openProcess(monitor.pid, monitor.startTime);
  signalProcess(handle, 'SIGCONT');
}
