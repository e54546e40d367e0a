/** What was run and how it went: one result per test, over all runners. */

/** @typedef {{ suite: string, name: string, outcome: 'passed' | 'failed' | 'skipped', detail?: string }} Result */

/** Runs suites and prints each one's figures; at the end what failed, what was skipped and why, and the sum. */
export function createReport() {
  /** @type {Result[]} */
  const results = [];
  return {
    async run(suite, test) {
      const begin = performance.now();
      const suiteResults = await test();
      const seconds = (performance.now() - begin) / 1000;
      results.push(...suiteResults.map((result) => ({ suite, ...result })));
      console.log(`${suite}: ${figures(suiteResults)} (${seconds.toFixed(0)} s)`);
    },
    /** Returns the exit status. */
    finish() {
      printReasons(results.filter(({ outcome }) => outcome === 'skipped'));
      const failures = results.filter(({ outcome }) => outcome === 'failed');
      if (failures.length > 0) console.log('\nFailed:');
      for (const { suite, name, detail } of failures)
        console.log(`  ${suite}: ${name}${detail === undefined ? '' : `\n${indent(detail)}`}`);
      console.log(`\n${figures(results)}`);
      return failures.length > 0 || results.every(({ outcome }) => outcome !== 'passed') ? 1 : 0;
    },
  };
}

function figures(results) {
  const count = (wanted) => results.filter(({ outcome }) => outcome === wanted).length;
  return `${count('passed')} passed, ${count('failed')} failed, ${count('skipped')} skipped`;
}

/** Skips are told by reason: the same lack often skips many tests. */
function printReasons(skips) {
  if (skips.length === 0) return;
  console.log('\nSkipped:');
  const byReason = Map.groupBy ? Map.groupBy(skips, ({ detail }) => detail) : groupBy(skips);
  for (const [reason, list] of byReason) {
    const names = list.map(({ suite, name }) => `${suite}: ${name}`);
    console.log(`  ${list.length} x ${reason}`);
    for (const name of names.slice(0, 5)) console.log(`      ${name}`);
    if (names.length > 5) console.log(`      and ${names.length - 5} more`);
  }
}

function groupBy(skips) {
  const groups = new Map();
  for (const skip of skips) groups.set(skip.detail, [...(groups.get(skip.detail) ?? []), skip]);
  return groups;
}

function indent(text) {
  return text.replace(/^/gm, '      ');
}
