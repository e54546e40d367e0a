#!/usr/bin/env node
/**
 * Makes the program that bin/tspod loads: dist/bundle/tspod.cjs, all of the command line in one file, and start.cjs, which runs it with
 * its code cache.
 *
 * One CommonJS file, because Node starts a program of many ES modules 20 ms later than that. A command's modules are in it, but run only
 * when they are used.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { spawnSync } from 'node:child_process';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const out = `${root}dist/bundle/`;

/** commander can start other programs as commands; that would load half of Node's network code, and is never used. */
const withoutChildProcess = {
  name: 'commander without node:child_process',
  setup: (building) => {
    building.onResolve({ filter: /^node:child_process$/ }, ({ importer }) =>
      /node_modules\/commander\//.test(importer) ? { path: 'none', namespace: 'no-child-process' } : undefined,
    );
    building.onLoad({ filter: /.*/, namespace: 'no-child-process' }, () => ({ contents: 'module.exports = {};' }));
  },
};

const { outputFiles } = await build({
  absWorkingDir: root,
  entryPoints: ['src/cli/bundle-entry.ts'],
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  format: 'cjs',
  // names are kept for stack traces
  minifyWhitespace: true,
  minifySyntax: true,
  legalComments: 'none',
  // so that the file can be read as Latin-1, which costs V8 nothing
  charset: 'ascii',
  external: ['better-sqlite3', 'node-gyp-build'],
  define: { 'import.meta.url': 'bundleUrl' },
  banner: {
    js: "(function (require, module, exports) {'use strict';const bundleUrl = require('node:url').pathToFileURL(module.filename).href;",
  },
  footer: { js: '})' },
  plugins: [withoutChildProcess],
  write: false,
});

const [{ contents }] = outputFiles;
const digest = createHash('sha256').update(contents).digest('hex').slice(0, 12);
rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
writeFileSync(`${out}tspod.cjs`, contents);
writeFileSync(`${out}package.json`, '{ "type": "commonjs" }\n');
writeFileSync(
  `${out}start.cjs`,
  readFileSync(`${root}scripts/bundle-start.cjs`, 'utf8').replaceAll('@DIGEST@', digest),
);

// the first run makes the code cache for this version of Node
const { status } = spawnSync(process.execPath, [`${out}start.cjs`, 'version'], {
  stdio: ['ignore', 'ignore', 'inherit'],
});
process.exitCode = status ?? 1;
