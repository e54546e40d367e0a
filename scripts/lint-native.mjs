#!/usr/bin/env node
/**
 * Format and lint of native/: lint-native.mjs [format|tidy] [--fix-format]; without a word both. Ends with 77, and the reason
 * on stderr, when a tool is not installed (apt-get install clang-format clang-tidy cmake).
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SKIPPED = 77;
const root = fileURLToPath(new URL('..', import.meta.url));
const buildDirectory = join(root, '.cache/native/plain');
const tidyDirectory = join(root, '.cache/native/tidy');

const options = new Set(process.argv.slice(2));
const fixing = options.has('--fix-format');
const steps = fixing || options.has('format') ? [format] : options.has('tidy') ? [tidy] : [format, tidy];
process.exitCode = steps
  .map((step) => step())
  .reduce((worst, status) => (worst === 0 || worst === SKIPPED ? status || worst : worst), 0);

function format() {
  if (!hasTool('clang-format')) return SKIPPED;
  return run('clang-format', [...(fixing ? ['-i'] : ['--dry-run', '-Werror']), ...sources(/\.(cc|c|h)$/)]);
}

function tidy() {
  if (!hasTool('clang-tidy') || !hasTool('clang++') || !hasTool('cmake')) return SKIPPED;
  const configured = run(
    'cmake',
    ['-S', 'native', '-B', buildDirectory, '-DCMAKE_EXPORT_COMPILE_COMMANDS=ON'],
    'ignore',
  );
  if (configured !== 0) return configured;
  const files = writeCompileCommands();
  // One process per core, each with its share of the files.
  const shares = Array.from({ length: availableParallelism() }, (_, index) =>
    files.filter((__, at) => at % availableParallelism() === index),
  );
  const script = shares
    .filter((share) => share.length > 0)
    .map(
      (share) =>
        `clang-tidy --quiet -p '${tidyDirectory}' ${share.map((file) => `'${file}'`).join(' ')} & pids="$pids $!"`,
    )
    .join('\n');
  return run('sh', [
    '-c',
    `pids=''\n${script}\nstatus=0; for pid in $pids; do wait "$pid" || status=1; done; exit $status`,
  ]);
}

/** Writes the compile commands of g++ for clang-tidy: clang 14 knows C++23 as C++2b. Returns the files. */
function writeCompileCommands() {
  const commands = JSON.parse(readFileSync(join(buildDirectory, 'compile_commands.json'), 'utf8'));
  const ours = commands.filter(({ file }) => file.startsWith(join(root, 'native/')) && file.endsWith('.cc'));
  const adapted = ours.map(({ command, ...entry }) => ({
    ...entry,
    command: `${command.replace(/-std=(gnu|c)\+\+23/, '-std=$1++2b')} -Wno-unknown-warning-option -Wno-error`,
  }));
  mkdirSync(tidyDirectory, { recursive: true });
  writeFileSync(join(tidyDirectory, 'compile_commands.json'), JSON.stringify(adapted, undefined, 1));
  return [...new Set(adapted.map(({ file }) => file))];
}

function sources(pattern) {
  return readdirSync(join(root, 'native'), { recursive: true })
    .filter((file) => pattern.test(file) && !file.includes('.gen.'))
    .map((file) => join('native', file));
}

function hasTool(name) {
  const found = spawnSync(name, ['--version'], { stdio: 'ignore' }).error === undefined;
  if (!found) console.error(`${name} is not installed`);
  return found;
}

function run(command, args, output = 'inherit') {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: ['ignore', output, 'inherit'] });
  if (error !== undefined) console.error(`${command}: ${error.message}`);
  return status ?? 1;
}
