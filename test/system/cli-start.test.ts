/** The code caches of the program: which command makes which, and that the next one uses it. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';

import { temporaryDirectory } from '../helpers/temp.js';

const BUNDLE = fileURLToPath(new URL('../../../dist/bundle', import.meta.url));

/** A bundle of its own without caches; these commands need nothing else. */
function ownBundle(t: ExecutionContext): string {
  const directory = join(temporaryDirectory(t), 'bundle');
  mkdirSync(directory);
  cpSync(BUNDLE, directory, { recursive: true, filter: (path) => !path.endsWith('.cache') });
  return directory;
}

function start(t: ExecutionContext, bundle: string, ...words: readonly string[]): void {
  const { status, stderr } = spawnSync(process.execPath, [join(bundle, 'start.cjs'), ...words], { encoding: 'utf8' });
  t.is(status, 0, stderr);
}

function caches(bundle: string): string[] {
  return readdirSync(bundle).filter((name) => name.endsWith('.cache'));
}

const makes = test.macro<[readonly string[], string]>({
  exec: (t, words, kind) => {
    const bundle = ownBundle(t);
    start(t, bundle, ...words);
    t.deepEqual(
      caches(bundle).map((name) => name.replace(/^[0-9a-f]{12}-/, '')),
      [`${process.version}-${process.arch}-${kind}.cache`],
    );
  },
  title: (_, words, kind) => `tspod ${words.join(' ')} makes the cache "${kind}"`,
});

test(makes, ['ps', '--help'], 'ps');
test(makes, ['--root', '/none', 'ps', '--help'], 'ps');
test(makes, ['--log-level=debug', '-D', 'ps', '--help'], 'ps');
test(makes, ['--root', 'run', 'version', '--help'], 'other');
test(makes, ['help', 'run'], 'other');
test(makes, ['--help'], 'other');

test('the next command uses the cache and leaves it', (t) => {
  const bundle = ownBundle(t);
  start(t, bundle, 'version', '--help');
  const [cache = ''] = caches(bundle);
  const { mtimeMs, ino } = statSync(join(bundle, cache));
  start(t, bundle, 'version', '--help');
  t.deepEqual(caches(bundle), [cache]);
  t.like(statSync(join(bundle, cache)), { mtimeMs, ino });
});
