/** Runs the tests of a guard in the copy, and says what they make of it. */
import { avaResults } from '../testing/ava.mjs';
import { apart, sharedPlace } from './apart.mjs';
import { isNamed, patternOf } from './titles.mjs';

/** What ava says of a failed assertion. */
const ASSERTION = /^\s+assertion: |AssertionError/m;

/** A test that did not end has shown nothing. */
const NO_END = /no new tests completed within|did not end|Timed out while running tests|\(killed: no end/;

/** One result per test that was run of these titles of one file. */
async function resultsOf(scratch, file, titles, { rounds = 10 } = {}) {
  const compiled = `out/${file.replace(/\.ts$/, '.js')}`;
  return avaResults(compiled, {
    cwd: scratch.tree,
    temporary: sharedPlace(scratch),
    env: { TSPOD_SECURITY_ROUNDS: String(rounds) },
    wrapper: apart(scratch),
    args: ['--timeout', '3m', ...titles.flatMap((title) => ['--match', patternOf(title)])],
    isQuiet: true,
  });
}

const byFile = (tests) => {
  const files = new Map();
  for (const { file, title } of tests) files.set(file, new Set([...(files.get(file) ?? []), title]));
  return files;
};

/** What tests do that have all guards: Map of "FILE TITLE" to 'passed', { skipped } or { failed }. */
export async function baseline(scratch, tests) {
  const outcomes = new Map();
  for (const [file, titles] of byFile(tests)) {
    const results = await resultsOf(scratch, file, [...titles]);
    for (const title of titles) outcomes.set(`${file} ${title}`, outcomeOf(results, title));
  }
  return outcomes;
}

function outcomeOf(results, title) {
  const own = results.filter(({ name }) => isNamed(name, title));
  const failed = own.find(({ outcome }) => outcome === 'failed') ?? results.find(({ name }) => name.startsWith('ava '));
  if (failed !== undefined) return { failed: failed.detail ?? failed.name };
  if (own.length === 0) return { failed: 'no test of this title was run' };
  const skipped = own.find(({ outcome }) => outcome === 'skipped');
  return own.every(({ outcome }) => outcome === 'skipped') ? { skipped: skipped.detail } : 'passed';
}

/** The tests that did not fail as they must without the guard, each with why: none if it was caught. */
export async function notFailing(scratch, { tests, rounds, says }) {
  const wrong = [];
  for (const [file, titles] of byFile(tests)) {
    const results = await resultsOf(scratch, file, [...titles], { rounds });
    for (const title of titles) {
      const own = results.filter(({ name }) => isNamed(name, title));
      const details = own.filter(({ outcome }) => outcome === 'failed').map(({ detail = '' }) => detail);
      if (details.some((detail) => isTelling(detail, says))) continue;
      wrong.push({ title, why: details[0] ?? (own.length > 0 ? 'it passes' : withoutResult(results)) });
    }
  }
  return wrong;
}

/** It did not end, or the whole file failed. */
function withoutResult(results) {
  const broken = results.find(({ name }) => name.startsWith('ava '));
  return broken === undefined ? 'it did not end' : `no result: ${broken.detail}`;
}

/** A failed assertion, or, where the test gets an error instead, one that says what it must. */
function isTelling(detail, says) {
  if (NO_END.test(detail)) return false;
  return says === undefined ? ASSERTION.test(detail) : new RegExp(says).test(detail);
}
