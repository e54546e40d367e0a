/** Tells of a pull or a push as it suits the caller's stderr. */
import type { OnProgress } from '../../engine/images/progress.js';
import type { Context } from '../context.js';
import { isTerminal } from '../../host/is-terminal.js';
import { transferLines } from './lines.js';

/** Options of a method of `engine.images`. */
interface Shown {
  readonly onProgress?: OnProgress;
}

/** Bars on a terminal, else lines; nothing if `quiet`. They are gone from the terminal's care when the call returns. */
export async function showTransfer<T>(
  context: Context,
  quiet: boolean,
  transfer: (shown: Shown) => Promise<T>,
): Promise<T> {
  if (quiet) return transfer({});
  if (!isTerminal(2)) return transfer({ onProgress: transferLines(context) });
  const { TransferBars } = await import('./bars.js');
  using bars = new TransferBars(process.stderr);
  return await transfer({
    onProgress: (progress) => {
      bars.tell(progress);
    },
  });
}
