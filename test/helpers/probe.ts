/** Programs of tests, static so that they run in any root: native/probe/NAME.cc. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, realpathSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { monitorPath } from '../../src/native/addon-path.js';
import { packageRoot } from '../../src/native/package-root.js';

/** For a machine without a compiler. */
export function compileAll(): void {
  for (const name of ['probe', 'attacker', 'power_cut', 'traced']) compiled(name);
}

/** Says what a process in a container sees. */
export function probePath(): string {
  return compiled('probe');
}

/** Tries what a hostile process tries. */
export function attackerPath(): string {
  return compiled('attacker');
}

/** Cuts a file system off from its disk. */
export function powerCutPath(): string {
  return compiled('power_cut');
}

/** Writes, as `path`, a program that is taken for the monitor, and becomes it when `strace` with these flags is attached to it. */
export function writeTracedMonitor(path: string, flags: readonly string[]): void {
  const block = Buffer.alloc(TRACED_BLOCK);
  block.write([realpathSync(monitorPath()), STRACE, ...flags, ''].join('\0'));
  writeFileSync(path, Buffer.concat([readFileSync(compiled('traced')), block]), { mode: 0o700 });
}

/** Bytes in which native/probe/traced.cc looks for its words. */
const TRACED_BLOCK = 4096;
const STRACE = '/usr/bin/strace';

/** Where the program is; compiled when it is first asked for, and when its source is newer. */
function compiled(name: string): string {
  const source = join(packageRoot(), `native/probe/${name}.cc`);
  const directory = join(packageRoot(), 'build/test');
  const program = join(directory, name);
  if (isNewer(program, source)) return program;
  mkdirSync(directory, { recursive: true });
  // Under a name of its own first: several test files may be doing this at once.
  const unfinished = `${program}.${process.pid}`;
  execFileSync('g++', ['-std=c++20', '-Os', '-static', '-s', '-o', unfinished, source], { stdio: 'inherit' });
  renameSync(unfinished, program);
  return program;
}

function isNewer(path: string, other: string): boolean {
  const status = statSync(path, { throwIfNoEntry: false });
  return status !== undefined && status.mtimeMs >= statSync(other).mtimeMs;
}
