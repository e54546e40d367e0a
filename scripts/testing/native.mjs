/** Builds native/ with CMake and runs its tests: as it ships, and with the address and undefined behaviour sanitizers. */
import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { command, root } from './command.mjs';
import { createTapReader } from './tap.mjs';

/** Outside build/, which node-gyp empties when it rebuilds. */
const BUILDS = join(root, '.cache/native');

/** What the CMake build calls each variant. */
const VARIANTS = {
  plain: ['-DCMAKE_BUILD_TYPE=RelWithDebInfo'],
  sanitize: ['-DCMAKE_BUILD_TYPE=Debug', '-DTSPOD_SANITIZE=ON'],
};

export const SANITIZED_MONITOR = join(BUILDS, 'sanitize/tspod-monitor');

/** A leak is a failure too; what a container's own process prints of one would be lost, so errors go to files. */
export const SANITIZER_ENVIRONMENT = {
  ASAN_OPTIONS: 'detect_leaks=0:abort_on_error=1:disable_coredump=1',
  UBSAN_OPTIONS: 'print_stacktrace=1:halt_on_error=1',
};

/** Builds a variant; resolves to undefined, or to why not. Cheap when nothing has changed. */
export async function buildNative(variant) {
  if (spawnSync('cmake', ['--version'], { stdio: 'ignore' }).error !== undefined)
    return { outcome: 'skipped', detail: 'cmake is not installed' };
  const directory = join(BUILDS, variant);
  const steps = [
    ['-S', 'native', '-B', directory, '-DCMAKE_EXPORT_COMPILE_COMMANDS=ON', ...VARIANTS[variant]],
    ['--build', directory, '--parallel', String(availableParallelism())],
  ];
  for (const args of steps) {
    const { status, output } = await command('cmake', args);
    if (status !== 0) return { outcome: 'failed', detail: output };
  }
  return undefined;
}

export async function nativeResults() {
  const results = [];
  for (const variant of Object.keys(VARIANTS)) {
    const failure = await buildNative(variant);
    const built = { name: `the ${variant} build of native/`, ...(failure ?? { outcome: 'passed' }) };
    results.push(built, ...(failure === undefined ? await variantResults(variant) : []));
  }
  return results;
}

/** The test program speaks TAP. One that ends in the middle, as at a report of a sanitizer, has failed whatever it said before. */
async function variantResults(variant) {
  const tap = createTapReader();
  const options = { onLine: tap.line, env: SANITIZER_ENVIRONMENT, timeoutMinutes: 10 };
  const { status, output } = await command(join(BUILDS, variant, 'native_test'), [], options);
  const results = tap.results().map((result) => ({ ...result, name: `${result.name} (${variant})` }));
  if (results.length === 0 || (status !== 0 && results.every(({ outcome }) => outcome !== 'failed'))) {
    results.push({ name: `native_test runs to its end (${variant})`, outcome: 'failed', detail: output });
  }
  return results;
}
