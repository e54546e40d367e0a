/** What the check of the package demands of a tarball. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';

import { temporaryDirectory } from '../../helpers/temp.js';

const SCRIPTS = fileURLToPath(new URL('../../../../scripts', import.meta.url));
const SHIPPED = `prebuilds/${process.platform}-${process.arch}/better-sqlite3`;

/** Lets the check pack a project of these files, and answers what it finds wrong with it. */
function complaints(t: ExecutionContext, files: readonly string[], args: readonly string[]): string[] {
  const root = temporaryDirectory(t);
  for (const path of ['README.md', ...files]) {
    mkdirSync(join(root, dirname(path)), { recursive: true });
    writeFileSync(join(root, path), '');
  }
  writeFileSync(join(root, 'package.json'), '{ "name": "tspod", "version": "0.0.0" }');
  cpSync(SCRIPTS, join(root, 'scripts'), { recursive: true });
  const { status, stderr } = spawnSync(process.execPath, [join(root, 'scripts/check-package.mjs'), ...args], {
    encoding: 'utf8',
  });
  t.is(status, 1);
  return stderr.trimEnd().split('\n');
}

test('a release has a binary of better-sqlite3 for each Node', (t) => {
  const files = [`${SHIPPED}/abi127.node`];
  const found = complaints(t, files, ['--release']).filter((line) => line.includes(SHIPPED));
  t.deepEqual(
    found,
    [115, 137, 147].map((abi) => `not in the tarball: ${SHIPPED}/abi${abi}.node`),
  );
});

test('elsewhere the one of this Node is enough', (t) => {
  const files = [`${SHIPPED}/abi${process.versions.modules}.node`];
  const found = complaints(t, files, ['--no-prebuild']);
  t.deepEqual(
    found.filter((line) => line.includes(SHIPPED)),
    [],
  );
});

test('what sources that are gone have left, source maps and the modules of the command line are not packed', (t) => {
  const files = [
    'src/kept.ts',
    'dist/kept.js',
    'dist/kept.d.ts',
    'dist/gone.js',
    'dist/kept.js.map',
    'dist/cli/main.js',
  ];
  const found = complaints(t, files, ['--no-prebuild']).filter((line) => line.startsWith('should not'));
  t.deepEqual(
    found.filter((line) => line.includes('dist/')),
    ['cli/main.js', 'gone.js', 'kept.js.map'].map((path) => `should not be in the tarball: dist/${path}`),
  );
});
