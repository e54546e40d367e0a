/** Locks of files, as the kernel lists them: proc_locks(5). */
import { readFileSync, statSync } from 'node:fs';

import { until } from './until.js';

/** Waits until somebody waits for the lock on the file. */
export async function untilLockAwaited(path: string): Promise<void> {
  const waiting = new RegExp(`^\\d+: -> FLOCK .*:${String(statSync(path).ino)} 0 EOF$`, 'm');
  await until(`somebody waits for ${path}`, () => waiting.test(readFileSync('/proc/locks', 'utf8')));
}
