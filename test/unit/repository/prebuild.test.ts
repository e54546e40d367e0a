/** What `npm run prebuild` leaves of what it finds; the compiler has no part in it here. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';

import { requires } from '../../helpers/requires.js';
import { temporaryDirectory } from '../../helpers/temp.js';

const PROJECT = fileURLToPath(new URL('../../../..', import.meta.url));
const BINARY = 'build/Release/better_sqlite3.node';
const SHIPPED = `prebuilds/${process.platform}-${process.arch}`;
const OWN_ABI = `abi${process.versions.modules}.node`;

/** Stands for prebuildify: puts what it is to put into --out. */
const PREBUILDIFY = `
const { mkdirSync, writeFileSync } = require('node:fs');
const out = process.argv.find((word) => word.startsWith('--out=')).slice(6) + '/${SHIPPED}';
mkdirSync(out, { recursive: true });
writeFileSync(out + '/tspod.glibc.node', 'new');
writeFileSync(out + '/tspod-monitor', 'new');
`;

/** A project in which Node 99 and another C library were built for before. */
function project(t: ExecutionContext): string {
  const root = temporaryDirectory(t);
  const files = {
    'package.json': '{ "name": "tspod" }',
    'binding.gyp': '',
    'native/main.cc': '',
    'node_modules/prebuildify/package.json': '{}',
    'node_modules/prebuildify/bin.js': PREBUILDIFY,
    'node_modules/better-sqlite3/package.json': '{}',
    [`node_modules/better-sqlite3/${BINARY}`]: '',
    [`${SHIPPED}/better-sqlite3/abi999.node`]: 'kept',
    [`${SHIPPED}/tspod.musl.node`]: 'kept',
  };
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(root, dirname(path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  mkdirSync(join(root, 'scripts'));
  for (const name of ['scripts/prebuild.mjs', 'scripts/node-gyp.mjs'])
    copyFileSync(join(PROJECT, name), join(root, name));
  return root;
}

function prebuild(root: string): { readonly status: number | null; readonly stderr: string } {
  return spawnSync(process.execPath, [join(root, 'scripts/prebuild.mjs')], { encoding: 'utf8' });
}

function shipped(root: string): string[] {
  return readdirSync(join(root, SHIPPED), { recursive: true, encoding: 'utf8' }).toSorted();
}

test('what was made for another Node and another C library stays', (t) => {
  // strip comes with it
  if (!requires(t, 'gcc')) return;
  const root = project(t);
  const sqlite = dirname(createRequire(import.meta.url).resolve('better-sqlite3/package.json'));
  copyFileSync(join(sqlite, BINARY), join(root, 'node_modules/better-sqlite3', BINARY));
  const { status, stderr } = prebuild(root);
  t.is(status, 0, stderr);
  t.deepEqual(
    shipped(root),
    [
      'better-sqlite3',
      `better-sqlite3/${OWN_ABI}`,
      'better-sqlite3/abi999.node',
      'tspod-monitor',
      'tspod.glibc.node',
      'tspod.musl.node',
    ].toSorted(),
  );
});

test("a binary that this Node cannot load does not get this Node's name", (t) => {
  const root = project(t);
  writeFileSync(join(root, 'node_modules/better-sqlite3', BINARY), 'not for this Node');
  const { status, stderr } = prebuild(root);
  t.is(status, 1);
  t.regex(stderr, /better_sqlite3\.node/);
  t.false(shipped(root).includes(`better-sqlite3/${OWN_ABI}`));
});
