/** Runs tests with ava and reads its TAP. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { command, root } from './command.mjs';
import { createTapReader } from './tap.mjs';

/** One result per test of the files that match. Tests that `requires()` turned away are skips, with its reason. */
export async function avaResults(pattern, { env = {}, args = [] } = {}) {
  const scratch = mkdtempSync(join(tmpdir(), 'tspod-test-run-'));
  const skipLog = join(scratch, 'skips');
  writeFileSync(skipLog, '');
  const tap = createTapReader();
  try {
    const { status, output } = await command(
      process.execPath,
      [join(root, 'node_modules/ava/entrypoints/cli.mjs'), '--tap', ...args, pattern],
      {
        env: { TSPOD_SKIP_LOG: skipLog, ...env },
        onLine: tap.line,
      },
    );
    const results = markSkips(tap.results(), readSkips(skipLog));
    if (status !== 0 && !results.some(({ outcome }) => outcome === 'failed')) {
      results.push({ name: `ava ${pattern}`, outcome: 'failed', detail: output });
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
