/** The code caches of the program: which command makes which, and that the next one uses it. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, readdirSync, statSync, symlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';

import { temporaryDirectory } from '../../helpers/temp.js';

const PROJECT = fileURLToPath(new URL('../../../..', import.meta.url));
const BUNDLE = 'dist/bundle';

/** A program of its own whose bundle has no caches. */
function ownProgram(t: ExecutionContext): string {
  const directory = temporaryDirectory(t);
  for (const part of ['node_modules', 'build']) symlinkSync(join(PROJECT, part), join(directory, part));
  copyFileSync(join(PROJECT, 'package.json'), join(directory, 'package.json'));
  cpSync(join(PROJECT, BUNDLE), join(directory, BUNDLE), {
    recursive: true,
    // Whoever makes one writes it under a temporary name first.
    filter: (path) => !basename(path).includes('.cache'),
  });
  return directory;
}

function start(t: ExecutionContext, program: string, words: readonly string[], expected = 0): void {
  const { status, stderr } = spawnSync(process.execPath, [join(program, BUNDLE, 'start.cjs'), ...words], {
    encoding: 'utf8',
    env: { ...process.env, TSPOD_ROOT: join(program, 'root'), TSPOD_RUNROOT: join(program, 'run') },
  });
  t.is(status, expected, stderr);
}

function caches(program: string): string[] {
  return readdirSync(join(program, BUNDLE)).filter((name) => name.endsWith('.cache'));
}

const makes = test.macro<[readonly string[], string]>({
  exec: (t, words, kind) => {
    const program = ownProgram(t);
    start(t, program, words);
    t.deepEqual(
      caches(program).map((name) => name.replace(/^[0-9a-f]{12}-/, '')),
      [`${process.version}-${process.arch}-${kind}.cache`],
    );
  },
  title: (_, words, kind) => `tspod ${words.join(' ')} makes the cache "${kind}"`,
});

test(makes, ['ps'], 'ps');
test(makes, ['--log-level', 'info', 'ps'], 'ps');
test(makes, ['--log-level=debug', '-D', 'ps'], 'ps');
test(makes, ['--network-config-dir', 'ps', 'version'], 'other');

test(makes, ['ps', '--help'], 'help');
test(makes, ['help', 'ps'], 'help');
test(makes, ['--help'], 'help');

test('a command that fails makes none', (t) => {
  const program = ownProgram(t);
  start(t, program, ['ps', '--unheard'], 125);
  t.deepEqual(caches(program), []);
});

test('the next command uses the cache and leaves it', (t) => {
  const program = ownProgram(t);
  start(t, program, ['version']);
  const [cache = ''] = caches(program);
  const { mtimeMs, ino } = statSync(join(program, BUNDLE, cache));
  start(t, program, ['version']);
  t.deepEqual(caches(program), [cache]);
  t.like(statSync(join(program, BUNDLE, cache)), { mtimeMs, ino });
});
