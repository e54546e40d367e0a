/** Makes the context of the running process. */
import { readFileSync } from 'node:fs';

import type { Engine, EngineOptions } from '../engine/types.js';
import { parseLimits } from '../host/proc-self.js';
import { LOG_LEVELS, type Context, type Globals } from './context.js';
import { escapeControls } from './terminal/escape.js';
import { isTerminal } from '../host/is-terminal.js';
import { writeAll } from './streams/output.js';
import type { Caller } from './parse/caller.js';
import { resolvePath } from './resolve-path.js';

/**
 * Time limit for background work at the end of a command, in ms. Another process may hold a lock that it needs for any
 * length of time; unfinished work is done by the next command.
 */
const SETTLE_MS = 30_000;

/**
 * Makes the context of a command. Its engine is never closed: the program ends with the command, and everything that
 * others need is in the store by then. Closing the last connection would copy SQLite's write-ahead log back and make
 * the next command start a new one, which costs four fsyncs per command.
 */
export function makeContext(globals: Globals): Context {
  let engine: Promise<Engine> | undefined;
  return {
    globals,
    caller: processCaller(),
    engine: () => (engine ??= open(globals)),
    settled: async () => {
      const opened = await engine?.catch(() => undefined);
      if (opened !== undefined) await Promise.race([opened.settled(), settleTimeout()]);
    },
    checkStore: async (options) => {
      const { checkStore } = await import('../engine/store-check/check-store.js');
      return checkStore({ ...engineOptions(globals), ...options });
    },
    out: async (text) => {
      if (globals.stdout !== undefined) await writeText(globals.stdout, text);
    },
    clearScreen: async () => {
      if (globals.stdout !== undefined && isTerminal(globals.stdout)) await writeAll(globals.stdout, '\x1b[H\x1b[2J');
    },
    err: writeError,
    log: async (level, message) => {
      if (!isLogged(globals, level)) return;
      const time = new Date().toISOString().replace(/\.\d+Z$/, 'Z');
      await writeError(`time="${time}" level=${level} msg=${JSON.stringify(message)}\n`);
    },
  };
}

/** Resolves after SETTLE_MS, without keeping the process alive. */
function settleTimeout(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, SETTLE_MS).unref();
  });
}

async function open(globals: Globals): Promise<Engine> {
  const { openEngine } = await import('../engine/open.js');
  return openEngine(engineOptions(globals));
}

function engineOptions(globals: Globals): EngineOptions {
  const { root, runRoot, networkConfigDir, cgroupManager, eventsBackend, hooksDirectories } = globals;
  return {
    eventsBackend,
    hooksDirectories,
    keepBridges: false,
    ...(root === undefined ? {} : { root }),
    ...(runRoot === undefined ? {} : { runRoot }),
    ...(networkConfigDir === undefined ? {} : { networkConfigDir }),
    ...(cgroupManager === undefined ? {} : { cgroupManager }),
  };
}

async function writeText(fd: number, text: string): Promise<void> {
  await writeAll(fd, isTerminal(fd) ? escapeControls(text) : text);
}

/** Writes to stderr; ignores failures, so that a closed stderr does not stop the work. */
async function writeError(text: string): Promise<void> {
  await writeText(2, text).catch(() => undefined);
}

function isLogged(globals: Globals, level: 'debug' | 'info' | 'warning' | 'error'): boolean {
  return LOG_LEVELS.indexOf(level) >= LOG_LEVELS.indexOf(globals.logLevel === 'warning' ? 'warn' : globals.logLevel);
}

function processCaller(): Caller {
  return { env: process.env, resolve: resolvePath, readFile, limits: readLimits };
}

function readFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    const reasons: Readonly<Record<string, string>> = {
      ENOENT: 'no such file or directory',
      EACCES: 'permission denied',
      EISDIR: 'is a directory',
    };
    throw new Error(`open ${path}: ${reasons[String(code)] ?? String(code)}`, { cause: error });
  }
}

/** Reads the resource limits of this process; -1 is unlimited, as on the command line. */
function readLimits(): { name: string; soft: number; hard: number }[] {
  const numberOf = (value: number | 'unlimited'): number => (value === 'unlimited' ? -1 : value);
  return Object.entries(parseLimits(readFile('/proc/self/limits'))).map(([name, { soft, hard }]) => {
    return { name, soft: numberOf(soft), hard: numberOf(hard) };
  });
}
