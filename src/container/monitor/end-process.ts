/** Ends the process and the monitor that a run directory names, whatever the record says. */
import { openProcess, type ProcessHandle } from '../../native/process-handle.js';
import type { HeldContainer } from '../held.js';
import { endsWithin, KILL_GRACE_MS, stuck } from './end.js';
import { readLiveRecord } from './run-record.js';
import { signalProcess } from './signal-process.js';

/**
 * How long a monitor may take after its container's end, in ms. One that is held up (by a hook, for example) is killed,
 * and the caller tears down.
 */
const PATIENCE_MS = 5000;

/**
 * Kills the process; resolves when it and its monitor are gone. An initialized container has a process as well, which
 * waits for its start. Throws STATE_INVALID if one of them does not end.
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

/** Waits for the end of a process that was killed. Throws STATE_INVALID if that does not come. */
export async function vanish(id: string, process: ProcessHandle): Promise<void> {
  if (!(await endsWithin(process, KILL_GRACE_MS, undefined))) throw stuck(id);
}
