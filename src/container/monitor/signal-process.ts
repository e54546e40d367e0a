/** Signals to processes that may end at any moment. */
import type { ProcessHandle } from '../../native/process-handle.js';

/** One that has ended needs none. NativeError EPERM. */
export function signalProcess(process: ProcessHandle | undefined, signal: number | string): void {
  try {
    process?.kill(signal);
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'ESRCH') throw error;
  }
}
