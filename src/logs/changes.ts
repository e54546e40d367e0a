/** Tells when a log file may have grown, by inotify on its directory: renames and new files are seen as well. */
import { watch } from 'node:fs';
import { basename, dirname } from 'node:path';

export interface ChangeWatcher extends Disposable {
  /** Forgets what has happened so far. */
  reset(): void;
  /** Resolves once something has happened since reset(), or by wake(). Rejects if the watching failed. */
  next(): Promise<void>;
  readonly wake: () => void;
}

export function watchLog(path: string): ChangeWatcher {
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
    [Symbol.dispose]() {
      watcher.close();
    },
  };
}
