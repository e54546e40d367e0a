/**
 * Where the time of a launch goes: `engine.run()` of the bench's container, by the parts of its life, by the steps of its plan, and, in Node, by
 * the folder of the code. The monitor is a build of its own that times its steps; the scenarios that come after are measured without it.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { launchOptions, repository } from '../contestants.mjs';
import { aligned } from '../report.mjs';
import { openMonitorLog } from './monitor-log.mjs';
import { sampleNode } from './node-time.mjs';
import { partsOf, stepsOf, summarize } from './parts.mjs';

const BUILD = join(repository, '.cache/native/profile');
const WARM_UP = 10;

/** What is less, in per cent, is left out of the tables of Node's code. */
const LEAST_SHARE = 0.3;

export async function profileLaunch({ engine, rootfs, directory }, { rounds = 200 }) {
  buildMonitor();
  const log = openMonitorLog(join(directory, 'profile'), WARM_UP + 2 * rounds);
  const switches = { TSPOD_TEST: '1', TSPOD_MONITOR: join(BUILD, 'tspod-monitor'), TSPOD_PROFILE: log.path };
  const { runs, inNode } = await withEnvironment(switches, () => measure({ engine, rootfs, rounds }));
  const entriesOf = await log.read(repository);
  print({ runs: runs.map((run) => ({ ...run, ...entriesOf(run) })), inNode, rounds });
}

async function measure({ engine, rootfs, rounds }) {
  const launch = () => timedRun(engine, launchOptions(rootfs, ['/bin/true']));
  const launches = (count) => repeat(count, launch);
  await launches(WARM_UP);
  const runs = await launches(rounds);
  // Sampling costs time itself: it has runs of its own.
  const inNode = await sampleNode(repository, () => launches(rounds));
  return { runs, inNode };
}

/** The engine reads these at each start of a monitor. */
async function withEnvironment(variables, action) {
  const before = Object.keys(variables).map((name) => [name, process.env[name]]);
  Object.assign(process.env, variables);
  try {
    return await action();
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  }
}

/** Beside the other development builds; a second call finds it made. */
function buildMonitor() {
  console.log(`\nprofile: building the monitor that times its steps (${BUILD})`);
  run('cmake', ['-S', join(repository, 'native'), '-B', BUILD, '-DTSPOD_PROFILE=ON']);
  run('cmake', ['--build', BUILD, '--target', 'tspod-monitor', '--parallel', '2']);
}

function run(program, args) {
  const { status, error, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  if (error !== undefined) throw new Error(`${program}: ${error.message} (apt-get install cmake g++)`);
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${stderr}${stdout}`);
}

async function repeat(count, action) {
  const outcomes = [];
  for (let number = 0; number < count; number++) outcomes.push(await action());
  return outcomes;
}

async function timedRun(engine, options) {
  const begin = process.hrtime.bigint();
  const { exitCode, stderr } = await engine.run(options);
  const end = process.hrtime.bigint();
  if (exitCode !== 0) throw new Error(`the container ended with ${exitCode}: ${stderr}`);
  return { begin: Number(begin), end: Number(end) };
}

function print({ runs, inNode, rounds }) {
  const total = summarize(runs.map(({ begin, end }) => end - begin));
  const share = (nanoseconds) => (100 * nanoseconds) / total;
  const table = (head, rows) =>
    console.log(
      aligned([
        head,
        ...rows.map(({ words, nanoseconds }) => [...words, ms(nanoseconds), `${share(nanoseconds).toFixed(1)} %`]),
      ]),
    );
  console.log(`\nOne launch of /bin/true: median of ${rounds}, ${ms(total)} ms. Its life, one part after the other:\n`);
  table(['part', 'ms', 'share'], partsOf(runs));
  console.log('\nSteps of the plan, by kind (what the container and the monitor do at the same time counts twice):\n');
  table(['stage', 'step', 'count', 'ms', 'share'], stepsOf(runs));
  console.log(
    '\nIn Node, by folder of the code and by function (means; packages and addons count for who calls them):\n',
  );
  for (const times of Object.values(inNode)) {
    const each = times.map(({ name, nanoseconds }) => ({ words: [name], nanoseconds: nanoseconds / rounds }));
    table(
      ['where', 'ms', 'share'],
      each.filter(({ nanoseconds }) => share(nanoseconds) >= LEAST_SHARE),
    );
    console.log('');
  }
}

function ms(nanoseconds) {
  return (nanoseconds / 1e6).toFixed(3);
}
