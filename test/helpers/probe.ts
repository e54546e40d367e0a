/** The program that launch tests run: it says what a process in a container sees (native/probe/probe.cc). */
import { execFileSync } from 'node:child_process';
import { mkdirSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/native/package-root.js';

/** Where the probe is; compiled when it is first asked for, and when its source is newer. */
export function probePath(): string {
  const source = join(packageRoot(), 'native/probe/probe.cc');
  const directory = join(packageRoot(), 'build/test');
  const probe = join(directory, 'probe');
  if (isNewer(probe, source)) return probe;
  mkdirSync(directory, { recursive: true });
  // Under a name of its own first: several test files may be doing this at once.
  const unfinished = `${probe}.${process.pid}`;
  execFileSync('g++', ['-std=c++20', '-Os', '-static', '-s', '-o', unfinished, source], { stdio: 'inherit' });
  renameSync(unfinished, probe);
  return probe;
}

function isNewer(path: string, other: string): boolean {
  const status = statSync(path, { throwIfNoEntry: false });
  return status !== undefined && status.mtimeMs >= statSync(other).mtimeMs;
}
