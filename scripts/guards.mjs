#!/usr/bin/env node
/**
 * Shows that the security tests bite: takes one guard after the other out of a copy of the tree (scripts/guards/ has the table), builds it, and demands
 * that the guard's tests fail there by a failed assertion. Needs root; the tree itself is left alone.
 *
 *   npm run test:guards                     all of them, after the same tests have passed with all guards
 *   npm run test:guards -- --only WORD      those that have WORD in their name, file or tests
 *   npm run test:guards -- --list           names, files and tests
 *   npm run test:guards -- --built          with what out/ holds already
 *   npm run test:guards -- --part 2/8       the second of eight parts, which together are all of them
 *   npm run test:guards -- --quick          the three that are shown fastest
 */
import { parseArgs } from 'node:util';
import { checkEdits } from './guards/edits.mjs';
import { keepHost } from './guards/host.mjs';
import { baseline, notFailing } from './guards/run.mjs';
import { breakGuard, makeScratch, removeScratch, restore } from './guards/scratch.mjs';
import { GUARDS } from './guards/table.mjs';
import { fullTitle } from './guards/titles.mjs';
import { root } from './testing/command.mjs';
import { partOf } from './testing/part.mjs';

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true, default: [] },
    part: { type: 'string', default: '1/1' },
    list: { type: 'boolean' },
    built: { type: 'boolean' },
    quick: { type: 'boolean' },
    verbose: { type: 'boolean' },
  },
});

process.exitCode = await main();

async function main() {
  const guards = GUARDS.map(resolved).filter(isChosen).filter(partOf(values.part));
  if (values.list) return list(guards);
  if (process.geteuid() !== 0) {
    console.log('these tests need root');
    return 77;
  }
  if (guards.length === 0) {
    console.error('no guard is meant');
    return 2;
  }
  const putBack = keepHost();
  const scratch = await makeScratch({ built: values.built === true });
  // Also after a signal.
  process.once('exit', () => {
    putBack();
    removeScratch(scratch);
  });
  return tryAll(scratch, guards, putBack);
}

/** Throws if the table does not fit the sources: before anything is built. */
function resolved(guard) {
  checkEdits(root, guard.edits);
  return { ...guard, tests: guard.tests.map((test) => ({ ...test, title: fullTitle(root, test) })) };
}

function isChosen({ name, edits, tests, isQuick }) {
  if (values.quick && isQuick !== true) return false;
  if (values.only.length === 0) return true;
  const words = [name, ...edits.map(({ file }) => file), ...tests.flatMap(({ file, title }) => [file, title])];
  return values.only.some((word) => words.join('\n').toLowerCase().includes(word.toLowerCase()));
}

function list(guards) {
  for (const { name, edits, tests } of guards) {
    console.log(`${name}\n  ${[...new Set(edits.map(({ file }) => file))].join(', ')}`);
    for (const { file, title } of tests) console.log(`  ${file}: ${title}`);
  }
  console.log(`${guards.length} guards`);
  return 0;
}

async function tryAll(scratch, guards, putBack) {
  const before = await baseline(
    scratch,
    guards.flatMap(({ tests }) => tests),
  );
  const counts = { caught: 0, missed: 0, skipped: 0 };
  for (const guard of guards) {
    const begin = performance.now();
    const { outcome, detail } = await tryGuard(scratch, guard, before);
    putBack();
    counts[outcome] += 1;
    const seconds = `(${((performance.now() - begin) / 1000).toFixed(0)} s)`;
    console.log(`${{ caught: 'caught', missed: 'NOT caught', skipped: 'skipped' }[outcome]}: ${guard.name} ${seconds}`);
    if (detail !== undefined) console.log(detail.replace(/^/gm, '    '));
  }
  const skipped = counts.skipped === 0 ? '' : `, ${counts.skipped} skipped`;
  console.log(`\n${counts.caught} caught, ${counts.missed} not caught${skipped}`);
  return counts.missed > 0 || counts.caught === 0 ? 1 : 0;
}

/** Only tests that pass with the guard can show anything without it. */
async function tryGuard(scratch, guard, before) {
  const outcomes = guard.tests.map(({ file, title }) => before.get(`${file} ${title}`));
  const failed = outcomes.find((outcome) => outcome.failed !== undefined);
  if (failed !== undefined) return { outcome: 'missed', detail: `fails with the guard as well: ${failed.failed}` };
  const skipped = outcomes.find((outcome) => outcome.skipped !== undefined);
  if (skipped !== undefined) return { outcome: 'skipped', detail: skipped.skipped };
  try {
    await breakGuard(scratch, guard.edits, {
      bundle: guard.tests.some(({ file }) => /test\/(system|security)\//.test(file)),
    });
    const wrong = await notFailing(scratch, guard);
    if (wrong.length === 0) return { outcome: 'caught' };
    return { outcome: 'missed', detail: wrong.map(({ title, why }) => `${title}: ${why}`).join('\n') };
  } catch (error) {
    return { outcome: 'missed', detail: error.message };
  } finally {
    restore(scratch);
  }
}
