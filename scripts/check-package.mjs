#!/usr/bin/env node
/**
 * Packs tspod, installs the tarball into an empty directory with --ignore-scripts, and uses it from there: command, library,
 * typed operations, types. Ends with 77 and the reason where it cannot be tried (no registry). Options: --keep; --no-prebuild takes prebuilds/
 * as it is; --release does so as well, and demands the binaries for every Node that is released for.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { withoutSource } from './testing/sources.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const platform = `${process.platform}-${process.arch}`;
const { values } = parseArgs({
  options: { keep: { type: 'boolean' }, 'no-prebuild': { type: 'boolean' }, release: { type: 'boolean' } },
});
const scratch = mkdtempSync(join(tmpdir(), 'tspod-package-'));

/** `process.versions.modules` of Node 20, 22, 24 and 26. */
const RELEASED_ABIS = [115, 127, 137, 147];

/** Whatever else is packed, these are, and nothing below the others is. */
const EXPECTED = [
  'bin/tspod',
  'dist/bundle/LICENSES.txt',
  'dist/index.js',
  'dist/index.d.ts',
  'dist/native/index.js',
  'dist/native/index.d.ts',
  'binding.gyp',
  'LICENSE',
  'README.md',
  'CHANGELOG.md',
  'scripts/install.mjs',
  'native/monitor/main.cc',
  `prebuilds/${platform}/tspod-monitor`,
  `prebuilds/${platform}/tspod.glibc.node`,
  ...(values.release ? RELEASED_ABIS : [process.versions.modules]).map(
    (abi) => `prebuilds/${platform}/better-sqlite3/abi${abi}.node`,
  ),
];
const UNWANTED = /^(test|src|out|build|dist\/cli|docs\/(?!.*\.md$)|native\/(test|bench|probe)|\.)/;
const MAX_MEGABYTES = 6;

try {
  process.exitCode = check();
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  // The layers that hide the host are on a tmpfs of their own where the run directory is on the root file system (docs/host.md).
  spawnSync('umount', [join(scratch, 'run/hide')], { stdio: 'ignore' });
  if (!values.keep) rmSync(scratch, { recursive: true, force: true });
}

function check() {
  if (!values['no-prebuild'] && !values.release) run(process.execPath, ['scripts/prebuild.mjs'], { cwd: root });
  const tarball = pack();
  const consumer = join(scratch, 'consumer');
  mkdirSync(consumer);
  writeFileSync(join(consumer, 'package.json'), '{ "name": "consumer", "private": true, "type": "commonjs" }\n');
  const installed = spawnSync('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', tarball], {
    cwd: consumer,
    encoding: 'utf8',
  });
  if (installed.status !== 0) {
    const offline = /ENOTFOUND|ECONNREFUSED|EAI_AGAIN|ETIMEDOUT|ENETUNREACH/.test(installed.stderr);
    console.error(offline ? 'no package registry can be reached' : installed.stderr);
    return offline ? 77 : 1;
  }
  useCommand(consumer);
  useLibrary(consumer);
  useTypes(consumer);
  return 0;
}

function pack() {
  const { stdout } = run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', scratch], { cwd: root });
  const [{ filename, files }] = JSON.parse(stdout);
  const paths = files.map(({ path }) => path);
  const missing = [...EXPECTED, ...linksOf('README.md')].filter((path) => !paths.includes(path));
  const left = withoutSource(root);
  const unwanted = paths.filter((path) => UNWANTED.test(path) || left.includes(path));
  const complaints = [
    ...missing.map((path) => `not in the tarball: ${path}`),
    ...unwanted.map((path) => `should not be in the tarball: ${path}`),
  ];
  if (complaints.length > 0) throw new Error(complaints.join('\n'));
  const tarball = join(scratch, filename);
  const megabytes = statSync(tarball).size / 1e6;
  if (megabytes > MAX_MEGABYTES)
    throw new Error(`the tarball has ${megabytes.toFixed(1)} MB, more than ${MAX_MEGABYTES}`);
  return tarball;
}

/** What a page leads to in the repository. */
function linksOf(page) {
  const links = readFileSync(join(root, page), 'utf8').matchAll(/\]\((?!https?:|#)([^)#\s]+)/g);
  return [...links].map(([, path]) => path);
}

function useCommand(consumer) {
  const version = run('npx', ['--no-install', 'tspod', 'version'], { cwd: consumer }).stdout;
  if (!/\d+\.\d+\.\d+/.test(version)) throw new Error(`tspod version said "${version}"`);
  if (process.geteuid() !== 0) return;
  const { stdout } = run('npx', ['--no-install', 'tspod', 'run', '--rm', 'host:', 'id', '-u'], { cwd: consumer });
  if (stdout.trim() !== '0') throw new Error(`tspod run --rm host: id -u said "${stdout}"`);
}

/** Both ways to load it, and a container from each. */
function useLibrary(consumer) {
  const asRoot = process.geteuid() === 0;
  const launch = asRoot
    ? `const engine = await openEngine({ root: process.env.TSPOD_ROOT, runRoot: process.env.TSPOD_RUNROOT });
       const result = await engine.run({ image: 'host:', command: ['echo', 'from the library'] });
       await engine.close();
       if (result.exitCode !== 0 || result.stdout !== 'from the library\\n') throw new Error(JSON.stringify(result));`
    : '';
  const use = `if (typeof openEngine !== 'function') throw new Error('tspod has no openEngine');
     if (Object.keys(native).length < 5) throw new Error('tspod/native has ' + Object.keys(native));
     ${launch}`;
  writeFileSync(
    join(consumer, 'use.mjs'),
    `import { openEngine } from 'tspod';\nimport * as native from 'tspod/native';\n${use}\n`,
  );
  writeFileSync(
    join(consumer, 'use.cjs'),
    `const { openEngine } = require('tspod');\nconst native = require('tspod/native');\n(async () => {\n${use}\n})();\n`,
  );
  for (const file of ['use.mjs', 'use.cjs']) run(process.execPath, ['--throw-deprecation', file], { cwd: consumer });
}

/** A strict TypeScript program that uses the types; skipLibCheck stays off, so ours are checked as well. */
function useTypes(consumer) {
  mkdirSync(join(consumer, 'node_modules/@types'), { recursive: true });
  for (const name of ['@types/node', 'undici-types']) {
    symlinkSync(join(root, 'node_modules', name), join(consumer, 'node_modules', name));
  }
  writeFileSync(
    join(consumer, 'use.mts'),
    `import { openEngine, type Engine } from 'tspod';
import * as native from 'tspod/native';
export async function main(): Promise<number> {
  await using engine: Engine = await openEngine();
  const { exitCode } = await engine.run({ image: 'host:', command: ['true'] });
  return exitCode + Object.keys(native).length;
}
`,
  );
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const options = [
    '--noEmit',
    '--strict',
    '--exactOptionalPropertyTypes',
    '--module',
    'nodenext',
    '--target',
    'es2022',
    '--lib',
    'es2023,esnext.disposable',
    '--types',
    'node',
  ];
  run(process.execPath, [tsc, ...options, 'use.mts'], { cwd: consumer });
}

function run(file, args, { cwd }) {
  const env = {
    ...process.env,
    TSPOD_ROOT: join(scratch, 'root'),
    TSPOD_RUNROOT: join(scratch, 'run'),
    NO_UPDATE_NOTIFIER: '1',
  };
  const { status, stdout, stderr, error } = spawnSync(file, args, {
    cwd,
    env,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  if (status !== 0)
    throw new Error(`${file} ${args.join(' ')}: ${error?.message ?? `ended with ${status}`}\n${stdout}${stderr}`);
  return { stdout, stderr };
}
