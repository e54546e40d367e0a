#!/usr/bin/env node
/**
 * The attacks of published advisories, tried on tspod: one line for each, then `N passed, N failed, N skipped`. Needs root; docs/security.md
 * says what each is about. The runner of all tests has them as the suite `security`.
 *
 *   npm run test:security                       50 rounds of each race: about two minutes
 *   npm run test:security -- --rounds 500       more
 *   npm run test:security -- --match 'exec: *'  some
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { avaResults } from './testing/ava.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

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

if (values.built !== true) {
  const { status } = spawnSync(process.execPath, ['scripts/build-tests.mjs'], { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

const results = await avaResults('out/test/security/**/*.test.js', {
  env: { TSPOD_SECURITY_ROUNDS: values.rounds },
  args: ['--timeout', '120m', ...values.match.flatMap((title) => ['--match', title])],
});
for (const { name, outcome, detail } of results)
  console.log(`${outcome}: ${name}${detail === undefined ? '' : `\n${detail.replace(/^/gm, '    ')}`}`);
const count = (wanted) => results.filter(({ outcome }) => outcome === wanted).length;
console.log(`\n${count('passed')} passed, ${count('failed')} failed, ${count('skipped')} skipped`);
process.exitCode = count('failed') > 0 || count('passed') === 0 ? 1 : 0;
