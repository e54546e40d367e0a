#!/usr/bin/env node
/**
 * Measures tspod beside its peers, in one run: npm run bench [-- SCENARIO ...] [--rounds N] [--json FILE] [--check].
 *
 * Everything runs in a network namespace of its own, so that the machine's is left alone. Contestants take turns; the clock is Node's high-resolution one; figures are medians, ratios are ratios of medians, and the
 * target stands beside each ratio that has one. `--check` ends with 1 if a target is missed. Needs root and
 * Debian's busybox-static, crun, runc, podman, conmon, golang-github-containers-common and a C compiler. docs/benchmarks.md
 * says what is compared, and why it is fair.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, release } from 'node:os';
import { parseArgs } from 'node:util';
import { openContestants } from './bench/contestants.mjs';

const SCENARIOS = [
  'launch',
  'exec',
  'cli',
  'parallel',
  'memory',
  'logs',
  'startup',
  'list',
  'images',
  'store',
  'pull',
  'network',
  'throughput',
];
const NEEDED = { busybox: 'busybox-static', crun: 'crun', runc: 'runc', podman: 'podman', conmon: 'conmon', cc: 'gcc' };
const PROFILE = '/usr/share/containers/seccomp.json';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: 'string' }, json: { type: 'string' }, check: { type: 'boolean', default: false } },
});

process.exitCode = complain() ?? (process.env['TSPOD_BENCH'] === undefined ? enterNetwork() : await main());

function complain() {
  const unknown = positionals.filter((name) => !SCENARIOS.includes(name));
  const missing = missingPackages(NEEDED);
  if (!existsSync(PROFILE)) missing.push('golang-github-containers-common');
  const complaint =
    unknown.length > 0
      ? `no such scenario: ${unknown.join(', ')}; there are ${SCENARIOS.join(', ')}`
      : process.geteuid() !== 0
        ? 'bench needs root'
        : missing.length > 0
          ? `bench needs its peers: apt-get install ${missing.join(' ')}`
          : undefined;
  if (complaint !== undefined) console.error(complaint);
  return complaint === undefined ? undefined : 2;
}

/** Again, on a host without any network but a loopback. */
function enterNetwork() {
  const words = [
    '--net',
    'sh',
    '-c',
    'ip link set lo up && exec "$0" "$@"',
    process.execPath,
    ...process.argv.slice(1),
  ];
  return (
    spawnSync('unshare', words, { stdio: 'inherit', env: { ...process.env, TSPOD_BENCH: String(process.pid) } })
      .status ?? 1
  );
}

function missingPackages(programs) {
  return Object.entries(programs)
    .filter(([program]) => spawnSync('sh', ['-c', 'command -v "$0"', program]).status !== 0)
    .map(([, debianPackage]) => debianPackage);
}

async function main() {
  const report = { machine: machine(), scenarios: {} };
  console.log(
    `${report.machine.cpu}, ${report.machine.cores} cores, Linux ${report.machine.kernel}, Node ${report.machine.node}`,
  );
  const contestants = await openContestants();
  try {
    for (const name of positionals.length > 0 ? positionals : SCENARIOS) {
      report.scenarios[name] = await runScenario(name, contestants);
    }
  } finally {
    await contestants.close();
  }
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(report, undefined, 2)}\n`);
  const missed = Object.values(report.scenarios).flatMap(({ ratios }) => ratios.filter((ratio) => !isMet(ratio)));
  return values.check && missed.length > 0 ? 1 : 0;
}

async function runScenario(name, contestants) {
  const scenario = await import(`./bench/scenarios/${name}.mjs`);
  console.log(`\n${name}: ${scenario.title}`);
  const missing = missingPackages(scenario.needs ?? {});
  if (missing.length > 0) throw new Error(`${name} needs more: apt-get install ${missing.join(' ')}`);
  const outcome = await scenario.run(contestants, values.rounds === undefined ? {} : { rounds: Number(values.rounds) });
  print(outcome);
  return outcome;
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

function print({ results, ratios }) {
  for (const [name, figures] of Object.entries(results)) {
    const text =
      figures.medianMs === undefined
        ? `${figures.kilobytesEach.toFixed(0)} kB each`
        : `median ${figures.medianMs.toFixed(2)} ms (p10 ${figures.p10Ms.toFixed(2)}, p90 ${figures.p90Ms.toFixed(2)}, ${figures.samples} samples)`;
    console.log(`  ${name.padEnd(16)} ${text}`);
  }
  for (const ratio of ratios) console.log(`  ${ratio.name}: ${ratio.value.toFixed(2)}${verdict(ratio)}`);
}

function verdict(ratio) {
  if (ratio.atMost === undefined && ratio.atLeast === undefined) return '';
  const target = ratio.atMost === undefined ? `at least ${ratio.atLeast}` : `at most ${ratio.atMost}`;
  return ` (target: ${target}; ${isMet(ratio) ? 'met' : 'MISSED'})`;
}

function isMet({ value, atMost = Infinity, atLeast = 0 }) {
  return value <= atMost && value >= atLeast;
}
