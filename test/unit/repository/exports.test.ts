/** The check of exports itself: one that finds nothing anywhere would look the same as a clean tree. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';

import { temporaryDirectory } from '../../helpers/temp.js';

const SCRIPT = fileURLToPath(new URL('../../../../scripts/check-exports.mjs', import.meta.url));

/** Runs the check over a tree of src/util/a.ts and another file, and compares what it says. */
function says(t: ExecutionContext, a: string, other: Readonly<Record<string, string>>, expected: string): void {
  const root = temporaryDirectory(t);
  for (const [path, text] of Object.entries({ 'src/util/a.ts': a, ...other })) {
    mkdirSync(join(root, dirname(path)), { recursive: true });
    writeFileSync(join(root, path), `${text}\n`);
  }
  const { status, stderr } = spawnSync(process.execPath, [SCRIPT, root], { encoding: 'utf8' });
  t.is(stderr.trimEnd(), expected);
  t.is(status, expected === '' ? 0 : 1);
}

const FUNCTION = '// first line\nexport function one() {}';

test(
  'allows what a file of src/ imports',
  says,
  FUNCTION,
  { 'src/spec/b.ts': "import { one } from '../util/a.js';" },
  '',
);
test(
  'allows what a test imports',
  says,
  FUNCTION,
  { 'test/unit/a.test.ts': "import { one } from '../../src/util/a.js';" },
  '',
);
test(
  'allows what a script loads',
  says,
  FUNCTION,
  { 'scripts/a.mjs': "import { one } from '../out/src/util/a.js';" },
  '',
);
test(
  'allows what is imported when it is needed',
  says,
  FUNCTION,
  { 'src/b.ts': "const { one } = await import('./util/a.js');" },
  '',
);
test('allows what index.ts exports', says, '', { 'src/index.ts': FUNCTION }, '');
test(
  'allows a type that goes with a function',
  says,
  'type A = 1;\nexport interface B { a: A }\nfunction c(b: B) {}',
  {},
  '',
);

test('names a function that nobody imports', says, FUNCTION, {}, 'src/util/a.ts:2: one is imported nowhere');
test(
  'names a constant that only its own file uses',
  says,
  'export const LIMIT = 1;\nexport class C {\n  a = LIMIT;\n}',
  { 'src/b.ts': "import { C } from './util/a.js';" },
  'src/util/a.ts:1: LIMIT is imported nowhere',
);
test('names a type that nobody names', says, 'export type A = 1;', {}, 'src/util/a.ts:1: A is imported nowhere');
test(
  'does not take another thing of the same name for it',
  says,
  FUNCTION,
  { 'src/b.ts': "import { one } from './c.js';\n// import { one } from './util/a.js';" },
  'src/util/a.ts:2: one is imported nowhere',
);
