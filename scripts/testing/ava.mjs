/** Runs tests with ava and reads its TAP. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { command, root } from './command.mjs';
import { createTapReader } from './tap.mjs';

const AVA = 'scripts/testing/ava-tap.mjs';

/**
 * One result per test of the files that match, in the tree `cwd`. Tests that `requires()` turned away are skips, with its reason. `each`: every test
 * is told as it ends, with what it has logged, not only those that fail; `isQuiet`: none is. `wrapper`: words before the command.
 */
export async function avaResults(pattern, options = {}) {
  const { env = {}, args = [], cwd = root, wrapper = [], timeoutMinutes = 70 } = options;
  const scratch = mkdtempSync(join(options.temporary ?? tmpdir(), 'tspod-test-run-'));
  const skipLog = join(scratch, 'skips');
  writeFileSync(skipLog, '');
  const tap = createTapReader(listeners(options, skipLog));
  try {
    const environment = { TSPOD_SKIP_LOG: skipLog, ...env };
    const [program, ...words] = [...wrapper, process.execPath, AVA, '--tap', ...args, pattern];
    const { status, output, isKilled } = await command(program, words, {
      env: environment,
      cwd,
      onLine: tap.line,
      timeoutMinutes,
    });
    const skips = readSkips(skipLog);
    const results = tap.results().map((result) => markSkip(result, skips));
    if (isKilled || (status !== 0 && !results.some(({ outcome }) => outcome === 'failed'))) {
      results.push({ name: `ava ${pattern}`, outcome: 'failed', detail: output });
    }
    return results;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function listeners({ each = false, isQuiet = false }, skipLog) {
  if (each) return { onResult: (result) => tell(markSkip(result, readSkips(skipLog))), onLog: tellLog };
  return isQuiet ? { onResult: () => undefined } : {};
}

function readSkips(path) {
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}

/** TAP names a test by folders, file and title, and leaves out what all files have in common. */
function markSkip(result, skips) {
  if (result.outcome !== 'passed') return result;
  const skip = skips.find(({ file, title }) => {
    const fullName = [...file.replace(/(\.test)?\.js$/, '').split('/'), title].join(' › ');
    return fullName === result.name || fullName.endsWith(` › ${result.name}`);
  });
  return skip === undefined ? result : { ...result, outcome: 'skipped', detail: skip.reason };
}

function tell({ name, outcome, detail }) {
  console.log(`${outcome}: ${name}${outcome === 'skipped' ? ` (${detail})` : ''}`);
}

function tellLog(text) {
  console.log(`    ${text}`);
}
