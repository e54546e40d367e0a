#!/usr/bin/env node
/**
 * Fills prebuilds/ for this platform: the addon and the monitor through prebuildify, and better-sqlite3's addon beside them, so that the
 * package works when installed without scripts. What runs with other versions of Node have put there stays. Builds in a copy: prebuildify
 * begins with `node-gyp rebuild` and moves the addon away, and the work tree's own build is not for it to take.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { nodeGypEnvironment } from './node-gyp.mjs';

const require = createRequire(import.meta.url);
const root = fileURLToPath(new URL('..', import.meta.url));
const copy = join(root, '.cache/prebuild');
const platform = `${process.platform}-${process.arch}`;

const sqlite = join(dirname(require.resolve('better-sqlite3/package.json')), 'build/Release/better_sqlite3.node');
// it is built for one version of Node: fails where that is not the one that gives it its name
require(sqlite);

rmSync(copy, { recursive: true, force: true });
mkdirSync(copy, { recursive: true });
for (const name of ['package.json', 'binding.gyp', 'native'])
  cpSync(join(root, name), join(copy, name), { recursive: true });
symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));

// Prebuildify itself keeps *.node and shared libraries only; the monitor is an executable.
const stageMonitor =
  'mkdir -p build/artifacts && cp build/Release/tspod-monitor build/artifacts/ && strip build/artifacts/tspod-monitor';
const prebuildify = join(dirname(require.resolve('prebuildify/package.json')), 'bin.js');
run(process.execPath, [
  prebuildify,
  '--napi',
  '--strip',
  '--tag-libc',
  `--target=${process.version}`,
  `--out=${root}`,
  '--postinstall',
  stageMonitor,
  '--artifacts',
  'build/artifacts',
]);

const target = join(root, 'prebuilds', platform, 'better-sqlite3', `abi${process.versions.modules}.node`);
mkdirSync(dirname(target), { recursive: true });
copyFileSync(sqlite, target);
run('strip', [target]);
rmSync(copy, { recursive: true, force: true });

function run(file, args) {
  const { status, error } = spawnSync(file, args, { cwd: copy, stdio: 'inherit', env: nodeGypEnvironment() });
  if (status !== 0) throw new Error(`${file} ${args[0]}: ${error?.message ?? `ended with ${status}`}`);
}
