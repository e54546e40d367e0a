/** Ends what the run directory tells of, whatever the record says. */
import { openProcess, type ProcessHandle } from '../../native/process-handle.js';
import type { HeldContainer } from '../held.js';
import { endsWithin, KILL_GRACE_MS, stuck } from './end.js';
import { readLiveRecord } from './run-record.js';
import { signalProcess } from './signal-process.js';

/** How long a monitor may take after its container's end. One that is held up (by a hook, say) is killed, and the caller tears down. */
const PATIENCE_MS = 5000;

/**
 * Resolves when the process and its monitor are gone. One that was initialized has a process as well: it waits for its start. Throws STATE_INVALID for
 * what does not end.
 */
export async function endProcess({ id, paths }: Pick<HeldContainer, 'id' | 'paths'>): Promise<void> {
  const live = readLiveRecord(paths.state);
  if (live === undefined) return;
  const { init, monitor } = live;
  using monitorHandle = openProcess(monitor.pid, monitor.startTime);
  using initHandle = init.pid === 0 ? undefined : openProcess(init.pid, init.startTime);
  signalProcess(initHandle, 'SIGKILL');
  if (monitorHandle !== undefined) await endMonitor(id, monitorHandle);
  if (initHandle !== undefined) await vanish(id, initHandle);
}

async function endMonitor(id: string, monitor: ProcessHandle): Promise<void> {
  if (await endsWithin(monitor, PATIENCE_MS, undefined)) return;
  signalProcess(monitor, 'SIGKILL');
  await vanish(id, monitor);
}

/** Of a process that was killed. */
export async function vanish(id: string, process: ProcessHandle): Promise<void> {
  if (!(await endsWithin(process, KILL_GRACE_MS, undefined))) throw stuck(id);
}
