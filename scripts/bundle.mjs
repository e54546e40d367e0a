#!/usr/bin/env node
/**
 * Makes the program that bin/tspod loads: dist/bundle/tspod.cjs, all of the command line in one file, and start.cjs, which runs it with
 * its code cache. What talks to systemd is apart, in dbus.cjs, and what talks HTTP, in undici.cjs. LICENSES.txt has the licences of others'
 * code in them.
 *
 * One CommonJS file, because Node starts a program of many ES modules 20 ms later than that. A module in it runs when something of it is
 * first used, not when it is imported: most commands need a small part of what they import.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { spawnSync } from 'node:child_process';
import { transformAsync } from '@babel/core';
import lazyCommonJs from '@babel/plugin-transform-modules-commonjs';
import { build, transform } from 'esbuild';
import { licencesOf } from './licences.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const out = `${root}dist/bundle/`;
const TARGET = 'node20.19';

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

/** A module of src/ as CommonJS that loads what it imports at first use. */
const ownModules = {
  name: 'modules that load at first use',
  setup: (building) => {
    building.onResolve({ filter: /^\.{1,2}\/.*\.js$/ }, ({ path, resolveDir }) => {
      const source = relative(root, join(resolveDir, path.replace(/\.js$/, '.ts')));
      return source.startsWith('src/') ? { path: source, namespace: 'own' } : undefined;
    });
    building.onLoad({ filter: /.*/, namespace: 'own' }, async ({ path }) => {
      const { code } = await transform(readFileSync(join(root, path), 'utf8'), {
        loader: 'ts',
        target: TARGET,
        tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true } },
        define: { 'import.meta.url': 'bundleUrl' },
      });
      const commonJs = await transformAsync(code, {
        configFile: false,
        plugins: [[lazyCommonJs, { lazy: () => true, importInterop: 'node', strictMode: false }]],
      });
      return { contents: commonJs.code, resolveDir: dirname(join(root, path)) };
    });
  },
};

const program = await build({
  absWorkingDir: root,
  stdin: { contents: "require('./src/cli/bundle-entry.js')", resolveDir: root },
  bundle: true,
  platform: 'node',
  target: TARGET,
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
  plugins: [withoutChildProcess, dbusApart, undiciApart, ownModules],
  write: false,
  metafile: true,
});

const dbus = await build({
  absWorkingDir: root,
  entryPoints: ['dbus-native'],
  bundle: true,
  platform: 'node',
  target: TARGET,
  format: 'cjs',
  minifyWhitespace: true,
  minifySyntax: true,
  legalComments: 'none',
  plugins: [onlyCalls],
  write: false,
  metafile: true,
});

const undici = await build({
  absWorkingDir: root,
  stdin: { contents: "module.exports = require('undici');", resolveDir: root },
  bundle: true,
  platform: 'node',
  target: TARGET,
  format: 'cjs',
  minifyWhitespace: true,
  minifySyntax: true,
  legalComments: 'none',
  // Node has them where undici can use them
  external: ['node:*'],
  write: false,
  metafile: true,
});

const contents = program.outputFiles[0].text;
const licences = licencesOf(
  root,
  [program, dbus, undici].map(({ metafile }) => metafile),
);
const digest = createHash('sha256').update(contents).digest('hex').slice(0, 12);
rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
writeFileSync(`${out}tspod.cjs`, contents);
writeFileSync(`${out}dbus.cjs`, dbus.outputFiles[0].contents);
writeFileSync(`${out}undici.cjs`, undici.outputFiles[0].contents);
writeFileSync(`${out}LICENSES.txt`, licences);
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
