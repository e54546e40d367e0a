#!/usr/bin/env node
/**
 * Measures tspod beside its peers, in one run: npm run bench [-- SCENARIO ...] [--rounds N] [--peer-root DIR] [--json FILE]
 * [--markdown FILE] [--svg FILE] [--check]; or, with --profile, shows where the time of one launch goes.
 *
 * Everything runs in a network namespace of its own, so that the machine's is left alone. Contestants take turns; the clock is Node's high-resolution one; figures are medians, ratios are ratios of medians, and the
 * target stands beside each ratio that has one. `--check` ends with 1 if a target is missed. Needs root and
 * Debian's busybox-static, crun, runc, podman, conmon, golang-github-containers-common and a C compiler. docs/benchmarks.md
 * says what is compared, and why it is fair.
 */
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { availableParallelism, cpus, release } from 'node:os';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { chart } from './bench/chart.mjs';
import { openContestants } from './bench/contestants.mjs';
import { missingPackages, missingPeers } from './bench/needs.mjs';
import { profileLaunch } from './bench/profile/profile.mjs';
import { isMet } from './bench/ratio.mjs';
import { markdownTable, printScenario } from './bench/report.mjs';

const SCENARIOS = [
  'launch',
  'exec',
  'cli',
  'parallel',
  'rate',
  'memory',
  'logs',
  'attach',
  'startup',
  'list',
  'images',
  'store',
  'pull',
  'network',
  'throughput',
  'namespaces',
];

/** What calls a run off. */
const SIGNALS = ['SIGINT', 'SIGTERM'];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string' },
    'peer-root': { type: 'string' },
    json: { type: 'string' },
    markdown: { type: 'string' },
    svg: { type: 'string' },
    check: { type: 'boolean', default: false },
    profile: { type: 'boolean', default: false },
  },
});
const settings = values.rounds === undefined ? {} : { rounds: Number(values.rounds) };
const peerRoot = values['peer-root'] === undefined ? undefined : resolve(values['peer-root']);

process.exitCode = complain() ?? (process.env['TSPOD_BENCH'] === undefined ? await enterNetwork() : await main());

function complain() {
  const complaint = complaints().find((text) => text !== undefined);
  if (complaint !== undefined) console.error(complaint);
  return complaint === undefined ? undefined : 2;
}

function complaints() {
  const unknown = positionals.filter((name) => !SCENARIOS.includes(name));
  const missing = missingPeers(peerRoot);
  return [
    unknown.length > 0 ? `no such scenario: ${unknown.join(', ')}; there are ${SCENARIOS.join(', ')}` : undefined,
    settings.rounds === undefined || settings.rounds >= 1 ? undefined : '--rounds must be a number from 1 on',
    process.geteuid() === 0 ? undefined : 'bench needs root',
    missing === undefined ? undefined : `bench needs its peers: ${missing}`,
  ];
}

/** Again, on a host without any network but a loopback. Who is asked to end passes it on, and waits for the clean-up. */
function enterNetwork() {
  const words = [
    '--net',
    'sh',
    '-c',
    'ip link set lo up && exec "$0" "$@"',
    process.execPath,
    ...process.argv.slice(1),
  ];
  const env = { ...process.env, TSPOD_BENCH: String(process.pid) };
  const child = spawn('unshare', words, { stdio: 'inherit', env });
  for (const signal of SIGNALS) process.on(signal, () => child.kill(signal));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code) => resolve(code ?? 1));
  });
}

async function main() {
  const report = { machine: machine(), scenarios: {} };
  const { cpu, cores, kernel, node } = report.machine;
  console.log(`${cpu}, ${cores} cores, Linux ${kernel}, Node ${node}`);
  const opening = openContestants({ peerRoot });
  const interrupted = endWhenInterrupted(opening);
  const contestants = await opening;
  try {
    report.peers = await versionsOf(contestants.host);
    console.log(
      Object.entries(report.peers)
        .map((words) => words.join(' '))
        .join(', '),
    );
    if (values.profile) await profileLaunch(contestants, settings);
    for (const name of scenarioNames()) report.scenarios[name] = await runScenario(name, contestants);
  } catch (error) {
    if (interrupted()) await forever();
    throw error;
  } finally {
    if (!interrupted()) await contestants.close();
  }
  write(report);
  const missed = Object.values(report.scenarios).flatMap(({ ratios }) => ratios.filter((ratio) => !isMet(ratio)));
  return values.check && missed.length > 0 ? 1 : 0;
}

function scenarioNames() {
  return positionals.length > 0 || values.profile ? positionals : SCENARIOS;
}

async function runScenario(name, contestants) {
  const scenario = await import(`./bench/scenarios/${name}.mjs`);
  console.log(`\n${name}: ${scenario.title}`);
  const missing = missingPackages(scenario.needs ?? {});
  if (missing.length > 0) throw new Error(`${name} needs more: apt-get install ${missing.join(' ')}`);
  const outcome = await scenario.run(contestants, settings);
  printScenario(outcome);
  return outcome;
}

/** Nothing of a run stays when it is called off. Answers a function that says whether it was. */
function endWhenInterrupted(opening) {
  let called = false;
  const end = (signal) => {
    if (called) return;
    called = true;
    console.error(`${signal}: cleaning up`);
    opening
      .then((contestants) => contestants.close())
      .then(
        () => process.exit(130),
        (error) => {
          console.error(error.message);
          process.exit(1);
        },
      );
  };
  for (const signal of SIGNALS) process.on(signal, end);
  return () => called;
}

/** What was called off fails in many ways, and is about to end. */
function forever() {
  return new Promise(() => undefined);
}

function write(report) {
  const table = markdownTable(report);
  if (Object.keys(report.scenarios).length > 0) console.log(`\n${table}`);
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(report, undefined, 2)}\n`);
  if (values.markdown !== undefined) writeFileSync(values.markdown, `${table}\n`);
  if (values.svg !== undefined) writeFileSync(values.svg, chart(report));
}

function machine() {
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    kernel: release(),
    node: process.version,
    date: new Date().toISOString(),
  };
}

/** As they say it themselves: the first thing with a dot in it. */
async function versionsOf(host) {
  const versions = {};
  for (const program of ['crun', 'runc', 'podman', 'bwrap']) {
    if (!(await host.has(program))) continue;
    const { result } = await host.run(program, ['--version']);
    versions[program] = /\d+\.[\w.+~-]+/.exec(result.stdout)?.[0];
  }
  return versions;
}
