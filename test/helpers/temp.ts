/** Temporary directories of tests. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import type { ExecutionContext } from 'ava';

/** A new directory (in the system's place for such, if the prefix is no path) that is removed after the test, unless TSPOD_TEST_KEEP is set. */
export function temporaryDirectory(t: ExecutionContext<unknown>, prefix = 'tspod-test-'): string {
  const directory = mkdtempSync(resolve(tmpdir(), prefix));
  t.teardown(() => {
    if (process.env['TSPOD_TEST_KEEP'] === undefined) rmSync(directory, { recursive: true, force: true });
  });
  return directory;
}

/** The same in memory, where the machine has such a place: for tests that make many files. */
export function memoryDirectory(t: ExecutionContext<unknown>): string {
  return temporaryDirectory(t, existsSync('/dev/shm') ? '/dev/shm/tspod-test-' : undefined);
}
