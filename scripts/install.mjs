#!/usr/bin/env node
/**
 * The `install` step: takes the prebuild that was shipped, or builds addon and monitor. In a clone it always runs the
 * build, which does only what has changed, so that `git pull && npm ci` never leaves an old binary behind.
 */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { nodeGypEnvironment } from './node-gyp.mjs';

const require = createRequire(import.meta.url);
const root = fileURLToPath(new URL('..', import.meta.url));
const isClone = existsSync(join(root, 'native/CMakeLists.txt'));

if (!isClone && process.env.npm_config_build_from_source !== 'true' && prebuildFits()) process.exit(0);

const missing = missingTools();
if (missing.length > 0) {
  console.error(`tspod: cannot build the native part: ${missing.join(', ')} not found`);
  console.error('tspod: on Debian and Ubuntu: apt-get install build-essential python3');
  process.exit(1);
}
process.exit(nodeGyp('configure', 'build'));

function prebuildFits() {
  try {
    require('node-gyp-build')(root);
    return true;
  } catch {
    return false;
  }
}

function missingTools() {
  const needed = [process.env.CXX ?? 'g++', 'make', process.env.npm_config_python ?? process.env.PYTHON ?? 'python3'];
  return needed.filter((command) => !isOnPath(command.split(' ')[0]));
}

function isOnPath(command) {
  if (command.includes('/')) return existsSync(command);
  return process.env.PATH.split(delimiter).some((directory) => {
    try {
      accessSync(join(directory, command), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** node-gyp is a development dependency in a clone; elsewhere npm puts its own on the PATH of install scripts. */
function nodeGyp(...args) {
  const own = join(root, 'node_modules/node-gyp/bin/node-gyp.js');
  const [command, ...first] = existsSync(own) ? [process.execPath, own] : ['node-gyp'];
  const { status, error } = spawnSync(command, [...first, ...args], {
    cwd: root,
    stdio: 'inherit',
    env: nodeGypEnvironment(),
  });
  if (error !== undefined) console.error(`tspod: cannot run ${command}: ${error.message}`);
  return status ?? 1;
}
