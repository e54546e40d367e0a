/** State belongs to one boot of the machine: on a new one, what the reboot wiped is reset. */
import { readFileSync, rmSync } from 'node:fs';

import { recordRunRoot } from './run-root.js';
import type { Store } from './store.js';

/** The kernel's name for this boot. */
export function readBootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}

/**
 * Resets what a reboot wiped when the store was last used in another boot; answers whether it was so.
 *
 * What ran has ended in a way that nobody saw: its exit code is unknown. What was initialized goes back to created. Restart counts
 * and kept exit codes are forgotten, `stopped_by_user` is not; the run root may be another one. `runDirectories` is cleared (it may be on a disk), inside the
 * transaction, so that no other process uses it before.
 */
export function refreshAfterBoot(
  store: Store,
  options: { readonly bootId: string; readonly runRoot: string; readonly runDirectories: string },
): boolean {
  if (store.meta('boot_id') === options.bootId) return false;
  return store.transaction(() => {
    if (store.meta('boot_id') === options.bootId) return false;
    rmSync(options.runDirectories, { recursive: true, force: true });
    const nowUs = Date.now() * 1000;
    store.execute(`
      UPDATE container_state SET status = 'exited', exit_code = -1, exit_signal = 0, oom_killed = 0, timed_out = 0,
        finished_us = ${String(nowUs)}, error = 'the machine went down while it ran'
        WHERE status IN ('active', 'paused', 'stopping');
      UPDATE container_state SET status = 'created' WHERE status = 'initialized';
      UPDATE container_state SET restarts = 0, updating = 0, mounts = 0, mounted = 0;
      DELETE FROM exit_code;
      DELETE FROM address;
      DELETE FROM address_pool;
      DELETE FROM member;
      DELETE FROM stale_names;
    `);
    store.setMeta('boot_id', options.bootId);
    recordRunRoot(store, options.runRoot);
    return true;
  });
}
