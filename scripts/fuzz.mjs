#!/usr/bin/env node
/**
 * Fuzzes the decoders of native/ with clang's libFuzzer and the address and undefined behaviour sanitizers:
 *
 *   fuzz.mjs [SECONDS | --seconds SECONDS] [--only plan|messages|accounts] [--minimize]
 *
 * The time (60 s if not given) is shared by the fuzzers. What they find on the way is kept in .cache/fuzz; `--minimize` adds what covers more than
 * native/test/corpus does to that. An input that breaks a decoder is written to .cache/fuzz/NAME-crash-*, and the exit status is 1. Ends with
 * 77 and the reason on stderr where clang or cmake is not installed.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const SKIPPED = 77;
const FUZZERS = ['plan', 'messages', 'accounts'];

/** Longest input: what is longer says nothing that a shorter one does not. */
const MAX_BYTES = 4096;

const root = fileURLToPath(new URL('..', import.meta.url));
const build = join(root, '.cache/native/fuzz');
const found = join(root, '.cache/fuzz');
const corpus = join(root, 'native/test/corpus');

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seconds: { type: 'string' }, only: { type: 'string' }, minimize: { type: 'boolean' } },
});
process.exitCode = main();

function main() {
  const missing = ['clang++', 'cmake'].find(
    (name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).error !== undefined,
  );
  if (missing !== undefined) {
    console.error(`${missing} is not installed`);
    return SKIPPED;
  }
  const names = FUZZERS.filter((name) => values.only === undefined || name === values.only);
  const seconds = Number(values.seconds ?? positionals[0] ?? 60);
  if (names.length === 0 || !(seconds > 0)) {
    console.error(`fuzz.mjs [SECONDS] [--only ${FUZZERS.join('|')}] [--minimize]`);
    return 2;
  }
  const built = buildFuzzers(names);
  if (built !== 0) return built;
  const share = Math.max(1, Math.floor(seconds / names.length));
  for (const name of names) {
    const status = fuzz(name, share) || (values.minimize === true ? minimize(name) : 0);
    if (status !== 0) return status;
  }
  return 0;
}

function buildFuzzers(names) {
  const configured = run(
    'cmake',
    ['-S', 'native', '-B', build, '-DCMAKE_CXX_COMPILER=clang++', '-DTSPOD_FUZZ=ON'],
    'ignore',
  );
  return (
    configured ||
    run('cmake', ['--build', build, '--parallel', '2', '--target', ...names.map((name) => `fuzz_${name}`)], 'ignore')
  );
}

function fuzz(name, seconds) {
  const kept = join(found, name);
  mkdirSync(kept, { recursive: true });
  mkdirSync(join(corpus, name), { recursive: true });
  const limits = [`-max_total_time=${seconds}`, `-max_len=${MAX_BYTES}`, '-timeout=10', '-rss_limit_mb=1024'];
  console.log(`${name}: ${seconds} s`);
  return run(join(build, `fuzz_${name}`), [
    ...limits,
    '-print_final_stats=1',
    `-artifact_prefix=${join(found, name)}-`,
    kept,
    join(corpus, name),
  ]);
}

function minimize(name) {
  return run(join(build, `fuzz_${name}`), ['-merge=1', `-max_len=${MAX_BYTES}`, join(corpus, name), join(found, name)]);
}

function run(command, args, output = 'inherit') {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: ['ignore', output, 'inherit'] });
  if (error !== undefined) console.error(`${command}: ${error.message}`);
  return status ?? 1;
}
