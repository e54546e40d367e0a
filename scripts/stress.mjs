#!/usr/bin/env node
/**
 * Eight processes do what chance tells them to the same five containers, some of them are killed, and after each round nothing may be lost, stuck
 * or left. Needs root.
 *
 *   npm run test:stress                    200 rounds: about a quarter of an hour
 *   npm run test:stress -- --rounds 2000   more
 *   npm run test:stress -- --seed 42       those of a run that failed; a round that fails prints the command that plays it again
 *   npm run test:stress -- --keep-going    plays the rounds after one that failed as well
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = fileURLToPath(new URL('..', import.meta.url));

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '200' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    'keep-going': { type: 'boolean' },
    built: { type: 'boolean' },
  },
});

for (const name of ['rounds', 'seed']) {
  if (/^\d+$/.test(values[name])) continue;
  console.error(`--${name} takes a number, not "${values[name]}"`);
  process.exit(2);
}

if (values.built !== true) run(['scripts/build-tests.mjs']);
run(['node_modules/ava/entrypoints/cli.mjs', '--timeout', '120m', 'out/test/system/faults/stress.test.js'], {
  TSPOD_TEST_HOURS: '1',
  TSPOD_STRESS_ROUNDS: values.rounds,
  TSPOD_STRESS_SEED: values.seed,
  ...(values['keep-going'] === true && { TSPOD_STRESS_KEEP_GOING: '1' }),
});

function run(args, env = {}) {
  const { status } = spawnSync(process.execPath, args, {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, ...env },
  });
  if (status !== 0) process.exit(status ?? 1);
}
