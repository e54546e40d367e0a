#!/usr/bin/env node
/**
 * Compiles src/ to dist/ and makes the bundle there. dist/ is not made anew, since bin/tspod is to work meanwhile: what sources that are
 * gone have left in it is removed alone.
 */
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { withoutSource } from './testing/sources.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
run('node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json');
for (const path of withoutSource(root)) rmSync(root + path, { force: true });
run('scripts/bundle.mjs');

function run(...args) {
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
