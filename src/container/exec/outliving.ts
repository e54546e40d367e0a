/**
 * Exec sessions whose command outlives its container: if the container has neither a cgroup nor a PID namespace of its
 * own, nothing ends them with it. They stay until they end, or somebody stops, starts or removes the container.
 */
import { readdirSync } from 'node:fs';

import { openProcess } from '../../native/process-handle.js';
import { isPrivate } from '../../spec/namespaces.js';
import { activeSessions, recordsOf, removeBusyTree, type FoundSession } from './files.js';
import type { HeldContainer } from '../held.js';
import { monitorEnd } from '../monitor/end.js';
import { vanish } from '../monitor/end-process.js';
import { signalProcess } from '../monitor/signal-process.js';

/** Returns the container's sessions that may outlive it. Costs nothing for a container that cannot have any. */
export function outlivingSessions(held: HeldContainer): readonly FoundSession[] {
  return mayBeOutlived(held) ? activeSessions(held.paths.run) : [];
}

function mayBeOutlived(held: HeldContainer): boolean {
  try {
    const { cgroups, namespaces } = held.config;
    return cgroups === 'disabled' && !isPrivate(namespaces.pid);
  } catch {
    return true; // the record is damaged: only a look at the sessions tells
  }
}

/** Kills the commands that outlive the container. Throws STATE_INVALID if one does not end. */
export async function endOutlivingSessions(held: HeldContainer): Promise<void> {
  for (const session of outlivingSessions(held)) {
    const { sight } = session;
    if (sight.state !== 'running') continue;
    using process = openProcess(sight.live.init.pid, sight.live.init.startTime);
    using monitor = openProcess(sight.live.monitor.pid, sight.live.monitor.startTime);
    signalProcess(process, 'SIGKILL');
    if (process !== undefined) await vanish(held.id, process);
    if (monitor !== undefined) await monitorEnd(monitor, recordsOf(session));
  }
}

/** Removes the run directory after the end of a run, except sessions that outlive it. */
export function removeEndedRun(held: HeldContainer): void {
  const { run } = held.paths;
  if (outlivingSessions(held).length === 0) {
    removeBusyTree(run);
    return;
  }
  for (const name of readdirSync(run)) if (name !== 'exec') removeBusyTree(`${run}/${name}`);
}
