/** Temporary directories of tests. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ExecutionContext } from 'ava';

/** A new directory (in the system's place for such, if the prefix is no path) that is removed after the test, unless TSPOD_TEST_KEEP is set. */
export function temporaryDirectory(t: ExecutionContext<unknown>, prefix = 'tspod-test-'): string {
  const directory = mkdtempSync(resolve(tmpdir(), prefix));
  t.teardown(async () => {
    if (process.env['TSPOD_TEST_KEEP'] === undefined) await removeTree(directory);
  });
  return directory;
}

const LOOKS = 20;

/** What was killed a moment ago may make another file before it ends: that goes as well. */
async function removeTree(directory: string): Promise<void> {
  for (let look = 1; ; look += 1) {
    try {
      rmSync(directory, { recursive: true, force: true });
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOTEMPTY' || look === LOOKS) throw error;
    }
    await delay(50);
  }
}

/** The same in memory, where the machine has such a place: for tests that make many files. */
export function memoryDirectory(t: ExecutionContext<unknown>): string {
  return temporaryDirectory(t, existsSync('/dev/shm') ? '/dev/shm/tspod-test-' : undefined);
}
