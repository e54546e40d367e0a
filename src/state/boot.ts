/** Recorded state belongs to one boot of the machine: in a new boot, whatever the reboot wiped is reset. */
import { readFileSync, rmSync } from 'node:fs';

import { recordRunRoot } from './run-root.js';
import type { Store } from './store.js';

/** Returns the kernel's id of the current boot. */
export function readBootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}

/**
 * Resets what a reboot wiped if the store was last used in another boot. Returns whether it was.
 *
 * A container that was running ended unobserved: its exit code is unknown. An initialized container becomes `created`
 * again. Restart counts and kept exit codes are cleared, `stopped_by_user` is kept, and the run root may be a different
 * one. `runDirectories` may be on a disk, so it is removed here, inside the transaction, before another process can use
 * it.
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
