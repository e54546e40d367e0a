/** Temporary directories of tests. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';

/** A new directory that is removed after the test, unless TSPOD_TEST_KEEP is set. */
export function temporaryDirectory(t: ExecutionContext<unknown>, prefix = 'tspod-test-'): string {
  const directory = mkdtempSync(join(tmpdir(), prefix));
  t.teardown(() => {
    if (process.env['TSPOD_TEST_KEEP'] === undefined) rmSync(directory, { recursive: true, force: true });
  });
  return directory;
}
