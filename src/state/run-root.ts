/**
 * A store has one run root per boot: the files there tell which containers run, so from another run root they would
 * seem lost.
 */
import { realpathSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

import { TspodError } from '../errors.js';
import { requireGone } from '../util/gone.js';
import type { Store } from './store.js';

/** Key in `meta`: the real path of the run root. */
const RUN_ROOT = 'run_root';

export interface RunRootPlace {
  readonly bootId: string;
  readonly runRoot: string;
}

/**
 * Records the run root if none is recorded. A different one may replace the one recorded in this boot only if that has
 * been removed and no container can have a process.
 *
 * @throws {TspodError} INVALID_ARGUMENT: the store has another run root
 */
export function claimRunRoot(store: Store, place: RunRootPlace): void {
  if (store.meta(RUN_ROOT) === realPath(place.runRoot)) return;
  store.transaction(() => {
    refuseOtherRunRoot(store, place);
    recordRunRoot(store, place.runRoot);
  });
}

/** Records the run root in place of any other. */
export function recordRunRoot(store: Store, runRoot: string): void {
  store.setMeta(RUN_ROOT, realPath(runRoot));
}

/** Makes the checks of claimRunRoot() without recording anything: for read-only callers. */
export function refuseOtherRunRoot(store: Store, { bootId, runRoot }: RunRootPlace): void {
  const recorded = store.meta(RUN_ROOT);
  if (recorded === undefined || recorded === realPath(runRoot) || store.meta('boot_id') !== bootId) return;
  if (!isInUse(recorded) && store.list('live').length === 0) return;
  throw new TspodError(
    'INVALID_ARGUMENT',
    `the store of ${store.path} has its run root at ${recorded} until the machine is restarted, not at ${JSON.stringify(runRoot)}: ` +
      `give --runroot ${recorded}, or stop its containers and remove that directory`,
  );
}

/** Resolves a path whose last components need not exist. */
function realPath(path: string): string {
  try {
    return realpathSync.native(path);
  } catch (error) {
    requireGone(error);
    return join(realPath(dirname(path)), basename(path));
  }
}

/** Whether the directory that every engine creates in its run root, and none removes, is there. */
function isInUse(runRoot: string): boolean {
  try {
    statSync(join(runRoot, 'c'));
    return true;
  } catch (error) {
    requireGone(error);
    return false;
  }
}
