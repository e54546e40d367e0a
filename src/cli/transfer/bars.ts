/**
 * Shows the progress of a transfer on a terminal: a bar for each blob that is being transferred, a line for each that
 * is done.
 */
import { MultiBar, type SingleBar } from 'cli-progress';

import type { BlobProgress, TransferProgress } from '../../engine/images/progress.js';
import { shortId } from '../../util/short-id.js';
import { escapeControls } from '../terminal/escape.js';
import { binarySize } from '../format/human.js';
import { hexOf, imageLine } from './lines.js';

/** Columns beside the bar: the blob, and the numbers of bytes. */
const TEXT_COLUMNS = 58;
const BAR_COLUMNS = { least: 8, most: 40 };

export class TransferBars implements Disposable {
  readonly #multi: MultiBar;
  readonly #bars = new Map<string, SingleBar>();
  readonly #done = new Set<string>();

  constructor(terminal: NodeJS.WriteStream) {
    const { least, most } = BAR_COLUMNS;
    const columns = Math.min(most, Math.max(least, terminal.columns - TEXT_COLUMNS));
    this.#multi = new MultiBar({
      stream: terminal,
      format: (_, { progress }, state: BlobProgress) => `${titleOf(state)} ${barText(state, { progress, columns })}`,
      // A killed program must not leave the terminal without a cursor, and the bars must not handle signals.
      hideCursor: false,
      gracefulExit: false,
      emptyOnZero: true,
      // A line above moves all bars down, so that unchanged ones have to be drawn again, too.
      forceRedraw: true,
      clearOnComplete: true,
    });
  }

  tell(progress: TransferProgress): void {
    if (progress.kind === 'image') {
      this.#say(imageLine(progress));
      return;
    }
    const { digest, currentBytes, totalBytes, state } = progress;
    if (this.#done.has(digest)) return;
    if (state === 'exists' || state === 'done') {
      this.#finish(progress);
      return;
    }
    const known = this.#bars.get(digest);
    if (known !== undefined) known.update(currentBytes, progress);
    else this.#bars.set(digest, this.#multi.create(totalBytes, currentBytes, progress));
  }

  [Symbol.dispose](): void {
    for (const bar of this.#bars.values()) this.#multi.remove(bar);
    this.#bars.clear();
    this.#multi.stop();
  }

  #finish(progress: BlobProgress): void {
    const { digest, state } = progress;
    this.#done.add(digest);
    this.#say(`${titleOf(progress)} ${state === 'exists' ? 'skipped: already exists' : 'done'}`);
    const bar = this.#bars.get(digest);
    if (bar === undefined) return;
    this.#bars.delete(digest);
    this.#multi.remove(bar);
  }

  /** Prints a line above the bars. */
  #say(line: string): void {
    this.#multi.log(`${escapeControls(line)}\n`);
    if (this.#bars.size === 0) this.#multi.update();
  }
}

function titleOf({ role, digest }: BlobProgress): string {
  return `Copying ${role === 'config' ? 'config' : 'blob'} ${shortId(hexOf(digest))}`;
}

interface Drawing {
  /** Fraction that is done, from 0 to 1. */
  readonly progress: number;
  readonly columns: number;
}

function barText({ state, currentBytes, totalBytes }: BlobProgress, { progress, columns }: Drawing): string {
  if (state === 'waiting') return 'waiting for another process';
  if (state === 'unpacking') return 'unpacking';
  const drawn = Math.floor(progress * columns);
  const head = drawn < columns ? '>' : '';
  const bar = `${'='.repeat(drawn)}${head}`.padEnd(columns, '-');
  return `[${bar}] ${binarySize(currentBytes)} / ${binarySize(totalBytes)}`;
}
