/** A monitor that somebody has stopped (SIGSTOP) does nothing for its container, and whoever needs it would wait for ever. */
import { openProcess } from '../native/process-handle.js';
import type { ProcessRef } from '../plan/context.js';
import { isStopped } from './observe.js';

/** Lets it go on. One that a debugger holds is left alone. */
export function wakeMonitor(monitor: ProcessRef): void {
  if (!isStopped(monitor)) return;
  using handle = openProcess(monitor.pid, monitor.startTime);
  try {
    handle?.kill('SIGCONT');
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'ESRCH') throw error;
  }
}
