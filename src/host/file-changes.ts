/**
 * Watches a file for changes, by inotify on its directory: this also notices renames, and new files whose names begin
 * with the file's name.
 */
import { watch } from 'node:fs';
import { basename, dirname } from 'node:path';

export interface ChangeWatcher extends Disposable {
  /** Discards changes so far. */
  reset(): void;
  /** Resolves once a change has happened since reset(), or on wake(). Rejects if watching failed. */
  next(): Promise<void>;
  readonly wake: () => void;
  /** Wakes, and stops watching, for a watcher that may never be disposed of. */
  readonly stop: () => void;
}

/** Watches a file. Throws ENOENT if its directory does not exist. */
export function watchFile(path: string): ChangeWatcher {
  const name = basename(path);
  let changed = false;
  let failure: Error | undefined;
  let notify: (() => void) | undefined;
  const wake = () => {
    changed = true;
    notify?.();
  };
  const watcher = watch(dirname(path), (_event, filename) => {
    if (filename === null || filename.startsWith(name)) wake();
  });
  watcher.on('error', (error) => {
    failure = error;
    wake();
  });
  return {
    reset() {
      changed = false;
    },
    async next() {
      if (!changed) await new Promise<void>((resolve) => (notify = resolve));
      notify = undefined;
      if (failure !== undefined) throw failure;
    },
    wake,
    stop: () => {
      watcher.close();
      wake();
    },
    [Symbol.dispose]() {
      watcher.close();
    },
  };
}
