/** The layer check itself: a check that finds nothing anywhere would look the same as a clean tree. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';

import { temporaryDirectory } from '../../helpers/temp.js';

const SCRIPT = fileURLToPath(new URL('../../../../scripts/check-layers.mjs', import.meta.url));

/** Runs the check over a tree of one file, and compares what it says (without the summary). */
function says(t: ExecutionContext, path: string, line: string, expected: string | undefined): void {
  const root = temporaryDirectory(t);
  mkdirSync(join(root, dirname(path)), { recursive: true });
  writeFileSync(join(root, path), `// first line\n${line}\n`);
  const { status, stderr } = spawnSync(process.execPath, [SCRIPT, root], { encoding: 'utf8' });
  t.is(stderr.split('\n')[0], expected === undefined ? '' : `${path}:2: ${expected}`);
  t.is(status, expected === undefined ? 0 : 1);
}

test('allows an import that points down', says, 'src/plan/a.ts', "import { b } from '../spec/b.js';", undefined);
test('allows an import within a folder', says, 'src/plan/a.ts', "import { b } from './b.js';", undefined);
test(
  'refuses an import that points up',
  says,
  'src/spec/a.ts',
  "import { b } from '../plan/b.js';",
  'spec imports plan, which lies above it',
);
test(
  'refuses an import of a neighbour',
  says,
  'src/logs/a.ts',
  "import { b } from '../storage/b.js';",
  'logs imports storage, its neighbour',
);
test(
  'refuses a dynamic import that points up',
  says,
  'src/util/a.ts',
  "await import('../cli/b.js');",
  'util imports cli, which lies above it',
);
test(
  'refuses a re-export that points up',
  says,
  'src/oci/a.ts',
  "export * from '../engine/b.js';",
  'oci imports engine, which lies above it',
);
test(
  'refuses a folder that the table does not know',
  says,
  'src/misc/a.ts',
  "import { b } from '../util/b.js';",
  'misc has no place in the table of layers',
);
test('passes over comments', says, 'src/spec/a.ts', "// import { b } from '../plan/b.js';", undefined);
test(
  'keeps effects out of pure folders',
  says,
  'src/plan/a.ts',
  "import { readFileSync } from 'node:fs';",
  'plan/ is pure and imports node:fs',
);
test(
  'has one door to commander',
  says,
  'src/engine/a.ts',
  "import { Command } from 'commander';",
  'commander is for src/cli alone',
);
test(
  'has one door to the store',
  says,
  'src/engine/a.ts',
  "import Database from 'better-sqlite3';",
  'better-sqlite3 is for src/state alone',
);
test(
  'has one writer of stdout',
  says,
  'src/engine/a.ts',
  "process.stdout.write('');",
  'process.stdout is for src/cli alone',
);
test(
  'has one place that sets the exit status',
  says,
  'src/engine/a.ts',
  'process.exitCode = 1;',
  'the exit status is for src/cli alone',
);
test('layers native/ too', says, 'native/core/a.cc', '#include "ops/b.h"', 'core imports ops, which lies above it');
test(
  'keeps monitor and addon apart',
  says,
  'native/monitor/a.cc',
  '#include "addon/b.h"',
  'monitor imports addon, its neighbour',
);
test('keeps Node-API in the addon', says, 'native/ops/a.cc', '#include <napi.h>', 'Node-API is for native/addon alone');
