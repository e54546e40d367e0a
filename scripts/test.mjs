#!/usr/bin/env node
/**
 * The one test runner: everything that can be tested on this machine, counted together.
 *
 *   npm test                          all suites (outside CI without guards, package and vm)
 *   npm test -- unit launch           some suites: checks native fuzz unit launch sanitizers system security guards package vm
 *   npm test -- --match 'exec: *'     tests of these titles, in the suites named
 *   npm test -- --file clock system   files of a suite by their names, in folders as well
 *   npm test -- --built launch        with what out/ and dist/ hold already
 *   npm test -- --each                a line for every test as it ends, not only for those that fail
 *   npm test -- --programs            first install the Debian programs that some tests use (root; CI=true does so as well)
 *
 * The last line is `N passed, N failed, N skipped`; what failed and what was skipped, with the reason, stands above it.
 */
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { avaResults } from './testing/ava.mjs';
import { checkResults } from './testing/checks.mjs';
import { commandResult, root } from './testing/command.mjs';
import { buildNative, nativeResults, SANITIZED_MONITOR, SANITIZER_ENVIRONMENT } from './testing/native.mjs';
import { createReport } from './testing/report.mjs';
import { vmResults } from './testing/vm.mjs';

const inCi = process.env.CI === 'true';
const isRoot = process.geteuid() === 0;

/** What `scripts/test-programs.sh` installs, and what every machine that runs CI has: no test may be skipped for want of it. */
const CI_HAS = 'root,busybox,tmux,strace,jq,libseccomp,overlay,userns,podman,crun,runc,conmon,gcc,zsh,fish,bash';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    match: { type: 'string', multiple: true, default: [] },
    file: { type: 'string', multiple: true, default: [] },
    programs: { type: 'boolean' },
    built: { type: 'boolean' },
    each: { type: 'boolean', default: false },
    help: { type: 'boolean' },
  },
});
/** An emulated machine is ten times slower (scripts/vm sets this): tests of one file, side by side, would starve each other of their one process. */
const isSlow = process.env.TSPOD_TEST_SLOW === '1';
const avaArguments = [
  ...values.match.flatMap((title) => ['--match', title]),
  ...(isSlow ? ['--serial', '--timeout', '20m'] : []),
];
/** There, one suite takes hours. */
const SLOW_MINUTES = 12 * 60;
const environment = { ...(inCi && isRoot && { TSPOD_MUST_RUN: CI_HAS }) };

function testsIn(folder, env = environment) {
  const { file } = values;
  const names = file.length > 1 ? `{${file.join(',')}}` : (file[0] ?? '*');
  return avaResults(`out/test/${folder}/**/${names}.test.js`, {
    env,
    args: avaArguments,
    each: values.each,
    ...(isSlow && { timeoutMinutes: SLOW_MINUTES }),
  });
}

/** In order: the cheap and telling ones first. `byDefault` false: only when named, or in CI. */
const SUITES = {
  checks: { run: checkResults },
  native: { run: nativeResults },
  fuzz: { run: fuzzResults, needsTests: true },
  unit: { needsTests: true, run: () => testsIn('unit') },
  launch: { needsTests: true, run: () => testsIn('launch') },
  sanitizers: { needsTests: true, run: sanitizerResults },
  system: { needsTests: true, run: () => testsIn('system') },
  security: { needsTests: true, run: () => testsIn('security') },
  guards: { byDefault: inCi, needsTests: true, run: guardResults },
  package: {
    byDefault: inCi,
    run: async () => [
      await commandResult('the packed tarball works after npm install --ignore-scripts', process.execPath, [
        'scripts/check-package.mjs',
      ]),
    ],
  },
  vm: { byDefault: inCi, needsTests: true, run: () => vmResults({ install: inCi && isRoot }) },
};

process.exitCode = values.help ? help() : await main();

async function main() {
  const names =
    positionals.length > 0 ? positionals : Object.keys(SUITES).filter((name) => SUITES[name].byDefault !== false);
  const unknown = names.filter((name) => !(name in SUITES));
  if (unknown.length > 0) {
    console.error(`no such suite: ${unknown.join(', ')}; there are ${Object.keys(SUITES).join(', ')}`);
    return 2;
  }
  if (values.programs || (inCi && isRoot)) installPrograms();
  const report = createReport();
  if (!values.built && names.some((name) => SUITES[name].needsTests)) {
    await report.run('build', async () => [
      await commandResult('src/ and test/ compile', process.execPath, ['scripts/build-tests.mjs']),
    ]);
  }
  for (const name of names) await report.run(name, SUITES[name].run);
  return report.finish();
}

/** A failure here is not fatal: what is missing is named by the tests that need it. */
function installPrograms() {
  const { status } = spawnSync('scripts/test-programs.sh', { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
  if (status !== 0) console.error('scripts/test-programs.sh failed: tests that need the programs will say so');
}

/** Fuzzes the decoders and the readers of images, for 10 s each, in CI 30 s; `npm run fuzz` goes on for longer. */
async function fuzzResults() {
  const seconds = inCi ? 30 : 10;
  return [
    await commandResult(`the decoders survive ${seconds} s of fuzzing`, process.execPath, [
      'scripts/fuzz.mjs',
      '--seconds',
      String(seconds),
    ]),
    await commandResult(`readers of images survive ${seconds} s of fuzzing`, process.execPath, [
      'scripts/fuzz-images.mjs',
      String(seconds),
    ]),
  ];
}

/** The launch tests once more, with a monitor that has the address and undefined behaviour sanitizers. */
async function sanitizerResults() {
  const failure = await buildNative('sanitize');
  if (failure !== undefined) return [{ name: 'launch tests with sanitizers', ...failure }];
  const sanitized = { TSPOD_TEST: '1', TSPOD_MONITOR: SANITIZED_MONITOR, ...SANITIZER_ENVIRONMENT };
  return testsIn('launch', { ...environment, ...sanitized });
}

/** A sample: each takes a build. */
async function guardResults() {
  const name = 'tests of attacks fail without the guard: three of them';
  return [await commandResult(name, process.execPath, ['scripts/guards.mjs', '--built', '--quick'])];
}

function help() {
  console.log('npm test [-- SUITE ...] [--match TITLE] [--file NAME] [--each] [--programs]');
  console.log(`suites: ${Object.keys(SUITES).join(' ')}`);
  return 0;
}
