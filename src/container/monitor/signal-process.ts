/** Signals to processes that may end at any moment. */
import type { ProcessHandle } from '../../native/process-handle.js';

/** Sends a signal; does nothing if the process has ended. Throws NativeError EPERM. */
export function signalProcess(process: ProcessHandle | undefined, signal: number | string): void {
  try {
    process?.kill(signal);
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'ESRCH') throw error;
  }
}
