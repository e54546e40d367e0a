import { readFileSync } from 'node:fs';

import test from 'ava';

import { engineVersion } from '../../../src/engine/version.js';
import { PLAN_VERSION } from '../../../src/plan/ops.js';

test('version: of the package, its plans and Node, and no more', (t) => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  t.deepEqual(engineVersion(), {
    version,
    planVersion: PLAN_VERSION,
    node: process.version,
    os: process.platform,
    arch: process.arch,
  });
});
