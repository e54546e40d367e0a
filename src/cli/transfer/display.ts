/** Shows the progress of a transfer in the form that suits the caller's stderr. */
import type { OnProgress, TransferProgress } from '../../engine/images/progress.js';
import type { Context } from '../context.js';
import { isTerminal } from '../../host/is-terminal.js';
import type { TransferBars } from './bars.js';
import { transferLines } from './lines.js';

/** Options for methods of `engine.images`. */
interface Shown {
  readonly onProgress?: OnProgress;
}

/**
 * Runs a transfer and shows its progress: as bars on a terminal, else as lines, and not at all if `quiet`. The bars are
 * gone when the call returns.
 */
export async function showTransfer<T>(
  context: Context,
  quiet: boolean,
  transfer: (shown: Shown) => Promise<T>,
): Promise<T> {
  if (quiet) return transfer({});
  if (!isTerminal(2)) return transfer({ onProgress: transferLines(context) });
  await using bars = new BarsOnDemand(process.stderr);
  return await transfer({
    onProgress: (progress) => {
      bars.tell(progress);
    },
  });
}

/**
 * Bars that are created at the first progress report, not earlier, because they move the cursor and clear what is below
 * it.
 */
class BarsOnDemand implements AsyncDisposable {
  readonly #terminal: NodeJS.WriteStream;
  readonly #early: TransferProgress[] = [];
  #bars: TransferBars | undefined;
  #loading: Promise<void> | undefined;

  constructor(terminal: NodeJS.WriteStream) {
    this.#terminal = terminal;
  }

  tell(progress: TransferProgress): void {
    if (this.#bars !== undefined) {
      this.#bars.tell(progress);
      return;
    }
    this.#early.push(progress);
    this.#loading ??= this.#load();
  }

  async #load(): Promise<void> {
    const { TransferBars } = await import('./bars.js');
    this.#bars = new TransferBars(this.#terminal);
    for (const progress of this.#early.splice(0)) this.#bars.tell(progress);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#loading;
    this.#bars?.[Symbol.dispose]();
  }
}
