/** Ends what the run directory tells of, whatever the record says. */
import { isTspodError } from '../../errors.js';
import { openProcess, type ProcessHandle } from '../../native/process-handle.js';
import type { ContainerPaths } from '../../storage/paths.js';
import { readLiveRecord } from './run-record.js';
import { signalProcess } from './signal-process.js';

/** How long a monitor may take after its container's end. One that is held up (by a hook, say) is killed, and the caller tears down. */
const PATIENCE_MS = 5000;

/** Resolves when the process and its monitor are gone. One that was initialized has a process as well: it waits for its start. */
export async function endProcess(paths: ContainerPaths): Promise<void> {
  const live = readLiveRecord(paths.state);
  if (live === undefined) return;
  const { init, monitor } = live;
  using monitorHandle = openProcess(monitor.pid, monitor.startTime);
  using initHandle = init.pid === 0 ? undefined : openProcess(init.pid, init.startTime);
  signalProcess(initHandle, 'SIGKILL');
  if (monitorHandle !== undefined) await endMonitor(monitorHandle);
  await initHandle?.wait();
}

async function endMonitor(monitor: ProcessHandle): Promise<void> {
  try {
    await monitor.wait({ signal: AbortSignal.timeout(PATIENCE_MS) });
  } catch (error) {
    if (!isTspodError(error, 'ABORTED')) throw error;
    signalProcess(monitor, 'SIGKILL');
    await monitor.wait();
  }
}
