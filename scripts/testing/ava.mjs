/** Runs tests with ava and reads its TAP. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { command, root } from './command.mjs';
import { createTapReader } from './tap.mjs';

const AVA = join(root, 'node_modules/ava/entrypoints/cli.mjs');

/** The TAP reporter of ava 7 fails over a test that does not end, and does not say which. */
const TIMED_OUT = /TapReporter\.writeTimeout/;

/** Its other reporter knows, at the price of a second run. */
async function pendingTests(args, env) {
  const { output } = await command(process.execPath, [AVA, ...args], { env });
  const begin = output.indexOf('Timed out while running tests');
  return begin === -1 ? 'a test did not end; in a second run all did' : output.slice(begin);
}

/** One result per test of the files that match. Tests that `requires()` turned away are skips, with its reason. */
export async function avaResults(pattern, { env = {}, args = [] } = {}) {
  const scratch = mkdtempSync(join(tmpdir(), 'tspod-test-run-'));
  const skipLog = join(scratch, 'skips');
  writeFileSync(skipLog, '');
  const tap = createTapReader();
  try {
    const environment = { TSPOD_SKIP_LOG: skipLog, ...env };
    const { status, output } = await command(process.execPath, [AVA, '--tap', ...args, pattern], {
      env: environment,
      onLine: tap.line,
    });
    const results = markSkips(tap.results(), readSkips(skipLog));
    if (status !== 0 && !results.some(({ outcome }) => outcome === 'failed')) {
      const detail = TIMED_OUT.test(output) ? await pendingTests([...args, pattern], environment) : output;
      results.push({ name: `ava ${pattern}`, outcome: 'failed', detail });
    }
    return results;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function readSkips(path) {
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}

/** TAP names a test by folders, file and title, and leaves out what all files have in common. */
function markSkips(results, skips) {
  const reasons = skips.map(({ file, title, reason }) => ({
    reason,
    fullName: [...file.replace(/(\.test)?\.js$/, '').split('/'), title].join(' › '),
  }));
  return results.map((result) => {
    const skip = reasons.find(({ fullName }) => fullName === result.name || fullName.endsWith(` › ${result.name}`));
    if (skip === undefined || result.outcome !== 'passed') return result;
    return { ...result, outcome: 'skipped', detail: skip.reason };
  });
}
