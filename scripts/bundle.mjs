#!/usr/bin/env node
/**
 * Makes the program that bin/tspod loads: dist/bundle/tspod.cjs, all of the command line in one file, and start.cjs, which runs it with
 * its code cache. What talks to systemd is apart, in dbus.cjs, and what talks HTTP, in undici.cjs.
 *
 * One CommonJS file, because Node starts a program of many ES modules 20 ms later than that. A command's modules are in it, but run only
 * when they are used.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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

/** D-Bus has a file of its own: only starts on machines with systemd need it, and it would make the program half as large again. */
const dbusApart = {
  name: 'dbus-native in a file of its own',
  setup: (building) => {
    building.onResolve({ filter: /^dbus-native$/ }, () => ({ path: './dbus.cjs', external: true }));
  },
};

/** HTTP likewise: for commands that talk to a registry. */
const undiciApart = {
  name: 'undici in a file of its own',
  setup: (building) => {
    building.onResolve({ filter: /^undici$/ }, () => ({ path: './undici.cjs', external: true }));
  },
};

/** Reading descriptions of interfaces (XML) and serving a bus are never used, and most of what takes time to load. */
const onlyCalls = {
  name: 'dbus-native without introspection and broker',
  setup: (building) => {
    building.onResolve({ filter: /^\.\/(lib\/)?(introspect|broker)$/ }, () => ({ path: 'none', namespace: 'unused' }));
    building.onLoad({ filter: /.*/, namespace: 'unused' }, () => ({ contents: 'module.exports = {};' }));
  },
};

/** Parts of Node that take milliseconds to load, and that many commands import and do not use. */
const SLOW_MODULES = [
  'child_process',
  'crypto',
  'dns/promises',
  'fs/promises',
  'net',
  'os',
  'readline',
  'stream',
  'stream/promises',
  'timers/promises',
  'tty',
  'url',
  'zlib',
];

/** Loads them when something of them is first used. */
const lazyModules = {
  name: 'lazy modules of Node',
  setup: (building) => {
    building.onResolve({ filter: new RegExp(`^node:(${SLOW_MODULES.join('|')})$`) }, ({ path, namespace, kind }) =>
      namespace === 'lazy' || kind === 'dynamic-import' ? { path, external: true } : { path, namespace: 'lazy' },
    );
    building.onLoad({ filter: /.*/, namespace: 'lazy' }, async ({ path }) => {
      const names = Object.keys(await import(path)).filter((name) => name !== 'default');
      const getters = names.map((name) => `get ${name}() { return require('${path}').${name}; }`);
      return { contents: `module.exports = { ${getters.join(', ')} };` };
    });
  },
};

const { outputFiles } = await build({
  absWorkingDir: root,
  entryPoints: ['src/cli/bundle-entry.ts'],
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  format: 'cjs',
  // a vm.Script has no import(): require takes its place
  supported: { 'dynamic-import': false },
  // names are kept for stack traces
  minifyWhitespace: true,
  minifySyntax: true,
  legalComments: 'none',
  // so that the file can be read as Latin-1, which costs V8 nothing
  charset: 'ascii',
  // its native part is found by path; what would search for it is not used
  external: ['bindings', 'node-gyp-build'],
  define: { 'import.meta.url': 'bundleUrl' },
  banner: {
    js: "(function (require, module, exports) {'use strict';const bundleUrl = require('node:url').pathToFileURL(module.filename).href;",
  },
  footer: { js: '})' },
  plugins: [withoutChildProcess, dbusApart, undiciApart, lazyModules],
  write: false,
});

const dbus = await build({
  absWorkingDir: root,
  entryPoints: ['dbus-native'],
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  format: 'cjs',
  minifyWhitespace: true,
  minifySyntax: true,
  legalComments: 'none',
  plugins: [onlyCalls],
  write: false,
});

const undici = await build({
  absWorkingDir: root,
  stdin: { contents: "module.exports = require('undici');", resolveDir: root },
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  format: 'cjs',
  minifyWhitespace: true,
  minifySyntax: true,
  legalComments: 'none',
  // Node has them where undici can use them
  external: ['node:*'],
  write: false,
});

/**
 * esbuild copies what it takes for a CommonJS module into an object with a getter for each of its names, anew for each module that imports it. The
 * lazy ones are such objects already.
 */
const contents = outputFiles[0].text.replaceAll(/__toESM\((require_(?:node_\w+|promises\d*)\(\)),1\)/g, '$1');
const digest = createHash('sha256').update(contents).digest('hex').slice(0, 12);
rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
writeFileSync(`${out}tspod.cjs`, contents);
writeFileSync(`${out}dbus.cjs`, dbus.outputFiles[0].contents);
writeFileSync(`${out}undici.cjs`, undici.outputFiles[0].contents);
writeFileSync(`${out}package.json`, '{ "type": "commonjs" }\n');
writeFileSync(
  `${out}start.cjs`,
  readFileSync(`${root}scripts/bundle-start.cjs`, 'utf8').replaceAll('@DIGEST@', digest),
);

makeCodeCache();

/** A first run makes the cache for this version of Node; explaining a launch goes through most of what a launch needs, and does nothing. */
function makeCodeCache() {
  const directory = mkdtempSync(join(tmpdir(), 'tspod-bundle-'));
  const globals = ['--root', `${directory}/root`, '--runroot', `${directory}/run`];
  // where the addon is not built yet this fails, and the cache holds a little less
  spawnSync(process.execPath, [`${out}start.cjs`, ...globals, 'explain', 'run', '--rm', '--rootfs', '/', 'true'], {
    stdio: 'ignore',
  });
  rmSync(directory, { recursive: true, force: true });
}
