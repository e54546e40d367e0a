#!/usr/bin/env node
/**
 * The attacks of published advisories, tried on tspod: one line for each, then `N passed, N failed, N skipped`. Needs root; docs/security.md
 * says what each is about. The runner of all tests has them as the suite `security`.
 *
 *   npm run test:security                       50 rounds of each race: about two minutes
 *   npm run test:security -- --rounds 500       more
 *   npm run test:security -- --match 'exec: *'  some
 */
import { parseArgs } from 'node:util';
import { avaResults } from './testing/ava.mjs';
import { commandResult } from './testing/command.mjs';
import { createReport } from './testing/report.mjs';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '50' },
    match: { type: 'string', multiple: true, default: [] },
    built: { type: 'boolean' },
  },
});

if (!/^\d+$/.test(values.rounds)) {
  console.error(`--rounds takes a number, not "${values.rounds}"`);
  process.exit(2);
}

const report = createReport();
if (values.built !== true) {
  await report.run('build', async () => [
    await commandResult('src/ and test/ compile', process.execPath, ['scripts/build-tests.mjs']),
  ]);
}
await report.run('security', () =>
  avaResults('out/test/security/**/*.test.js', {
    env: { TSPOD_SECURITY_ROUNDS: values.rounds },
    args: ['--timeout', '2h', ...values.match.flatMap((title) => ['--match', title])],
    each: true,
    timeoutMinutes: 120,
  }),
);
process.exitCode = report.finish();
