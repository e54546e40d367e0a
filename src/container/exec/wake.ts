/** Wakes monitors of exec sessions that somebody has stopped (SIGSTOP). */
import { wakeMonitor } from '../monitor/wake.js';
import { activeSessions } from './files.js';

/**
 * Wakes the monitors of a run's sessions: a command that nobody reaps keeps its PID namespace, and so the container's
 * first process, from ending.
 */
export function wakeExecMonitors(run: string): void {
  for (const { sight } of activeSessions(run)) if (sight.state === 'running') wakeMonitor(sight.live.monitor);
}
