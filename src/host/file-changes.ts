/** Tells when a file may have changed, by inotify on its directory: renames, and new files whose names begin with its own, are seen as well. */
import { watch } from 'node:fs';
import { basename, dirname } from 'node:path';

export interface ChangeWatcher extends Disposable {
  /** Forgets what has happened so far. */
  reset(): void;
  /** Resolves once something has happened since reset(), or by wake(). Rejects if the watching failed. */
  next(): Promise<void>;
  readonly wake: () => void;
  /** Wakes, and sees no more changes: nobody may come to dispose of it. */
  readonly stop: () => void;
}

/** Throws ENOENT if there is no such directory. */
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
