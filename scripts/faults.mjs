#!/usr/bin/env node
/**
 * Kills the command line, and the monitor, with SIGKILL before each of its system calls that changes something, and at random moments; has calls fail; after each the
 * next command must put everything right. Needs root and strace. The system suite runs a sample of the same.
 *
 *   npm run test:faults                    every system call, 200 random moments, each error of each call: hours; see --stride, --only
 *   npm run test:faults -- --rounds 2000   more random moments
 *   npm run test:faults -- --images 200    more random moments of pull, load, commit and rmi than 50
 *   npm run test:faults -- --network 500   more containers than 200 that are started at once on one network, and killed with their monitors
 *   npm run test:faults -- --only network  that alone; or kill-sweep, monitor-sweep, kill-images, damaged-store, error-sweep, random-kills, many-execs
 *   npm run test:faults -- --only power-cut --rounds 50    power cuts; full-disk and few-resources are such parts, too
 *   npm run test:faults -- --execs 50000   more commands in one container than 10,000
 *   npm run test:faults -- --seed 42       those of a run that failed; the seed is in its log
 *   npm run test:faults -- --stride 5      every fifth system call
 *   npm run test:faults -- --part 2/8      the second of eight parts of a sweep, which together are all of it
 *   npm run test:faults -- --built         does not build the tests before
 *
 * A line for each test as it ends, with what it counted; then what failed, and `N passed, N failed, N skipped`.
 */
import { parseArgs } from 'node:util';
import { avaResults } from './testing/ava.mjs';
import { commandResult } from './testing/command.mjs';
import { partOf } from './testing/part.mjs';
import { createReport } from './testing/report.mjs';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '200' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    images: { type: 'string', default: '50' },
    stride: { type: 'string', default: '1' },
    network: { type: 'string', default: '200' },
    execs: { type: 'string', default: '10000' },
    part: { type: 'string', default: '1/1' },
    only: { type: 'string' },
    built: { type: 'boolean' },
  },
});

for (const name of ['rounds', 'seed', 'images', 'stride', 'network', 'execs']) {
  if (/^\d+$/.test(values[name])) continue;
  console.error(`--${name} takes a number, not "${values[name]}"`);
  process.exit(2);
}

partOf(values.part);

const MATCHES = {
  'kill-sweep': [],
  'monitor-sweep': [],
  'kill-images': [],
  'damaged-store': [],
  'error-sweep': [],
  'random-kills': [],
  'many-execs': [],
  'power-cut': [],
  'full-disk': [],
  'few-resources': [],
  network: ['--match', 'killed with their monitors*'],
};
const chosen = Object.entries(MATCHES).filter(([name]) => values.only === undefined || values.only === name);
if (chosen.length === 0) {
  console.error(`--only takes ${Object.keys(MATCHES).join(', ')}, not "${values.only}"`);
  process.exit(2);
}
/** Of one part. */
const HOURS = 12;

const environment = {
  TSPOD_TEST_HOURS: '1',
  TSPOD_FAULT_ROUNDS: values.rounds,
  TSPOD_TEST_POWER_CUTS: values.rounds,
  TSPOD_FAULT_SEED: values.seed,
  TSPOD_FAULT_STRIDE: values.stride,
  TSPOD_FAULT_PART: values.part,
  TSPOD_FAULT_PAGES: values.stride,
  TSPOD_IMAGE_FAULT_ROUNDS: values.images,
  TSPOD_TEST_MANY: values.network,
  TSPOD_TEST_EXECS: values.execs,
};

const report = createReport();
if (values.built !== true) {
  await report.run('build', async () => [
    await commandResult('src/ and test/ compile', process.execPath, ['scripts/build-tests.mjs']),
  ]);
}
for (const [name, match] of chosen) {
  await report.run(name, () =>
    avaResults(`out/test/system/${name === 'network' ? 'networks' : 'faults'}/${name}.test.js`, {
      env: environment,
      args: ['--timeout', `${HOURS}h`, ...match],
      each: true,
      timeoutMinutes: HOURS * 60,
    }),
  );
}
process.exitCode = report.finish();
