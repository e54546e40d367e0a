/** A store has one run root in a boot: what runs is known by what lies there, and seen from another one it would be taken for lost. */
import { realpathSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

import { TspodError } from '../errors.js';
import { requireGone } from '../util/gone.js';
import type { Store } from './store.js';

/** In `meta`: its real path. */
const RUN_ROOT = 'run_root';

export interface RunRootPlace {
  readonly bootId: string;
  readonly runRoot: string;
}

/**
 * Records it if none is. Another one than that of this boot may take its place when that was removed and no container can have a process.
 *
 * @throws {TspodError} INVALID_ARGUMENT: the store has another one
 */
export function claimRunRoot(store: Store, place: RunRootPlace): void {
  if (store.meta(RUN_ROOT) === realPath(place.runRoot)) return;
  store.transaction(() => {
    refuseOtherRunRoot(store, place);
    recordRunRoot(store, place.runRoot);
  });
}

/** In place of any other. */
export function recordRunRoot(store: Store, runRoot: string): void {
  store.setMeta(RUN_ROOT, realPath(runRoot));
}

/** The same without recording anything: for who only looks. */
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

/** Also of what is not there yet. */
function realPath(path: string): string {
  try {
    return realpathSync.native(path);
  } catch (error) {
    requireGone(error);
    return join(realPath(dirname(path)), basename(path));
  }
}

/** Engines make this directory, and none removes it. */
function isInUse(runRoot: string): boolean {
  try {
    statSync(join(runRoot, 'c'));
    return true;
  } catch (error) {
    requireGone(error);
    return false;
  }
}
