/** One system call of the command line after the other: which there are, and kill -9 before one of them. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Faults } from './faults.js';

/** What changes the disk or the kernel, or tells somebody something. */
const CALLS =
  'openat,mkdir,mkdirat,rmdir,unlink,unlinkat,rename,renameat,renameat2,pwrite64,write,ftruncate,flock,chmod,fchmod,sendto,sendmsg,vfork,clone,clone3,connect,pidfd_send_signal,kill,exit_group';

/** A system call of a program's first thread. */
export interface Call {
  readonly name: string;
  /** Which one of its name: 1 is the first. */
  readonly count: number;
}

export function told({ name, count }: Call): string {
  return `${name} ${String(count)}`;
}

/** Those of `tspod ...args` that change something, from the moment that it opens the store. It is run to its end. */
export async function callsOf(env: Faults, args: readonly string[]): Promise<readonly Call[]> {
  const directory = mkdtempSync(join(tmpdir(), 'tspod-strace-'));
  const trace = join(directory, 'trace');
  try {
    await env.killedBy({ wrapper: ['strace', '-qq', '-o', trace, '-e', `trace=${CALLS}`] }, ...args);
    return changing(readFileSync(trace, 'utf8'));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function changing(trace: string): readonly Call[] {
  const counts = new Map<string, number>();
  const calls: Call[] = [];
  let inStore = false;
  for (const line of trace.split('\n')) {
    const name = /^(\w+)\(/.exec(line)?.[1];
    if (name === undefined) continue;
    const count = (counts.get(name) ?? 0) + 1;
    counts.set(name, count);
    inStore ||= line.includes('/tspod.db');
    // What is only read changes nothing.
    if (inStore && !line.includes('O_RDONLY')) calls.push({ name, count });
  }
  return calls;
}

/** Runs `tspod ...args`, which is killed before the call; whether it came to that. */
export function killedBefore(env: Faults, { name, count }: Call, args: readonly string[]): Promise<boolean> {
  const inject = `inject=${name}:signal=KILL:when=${String(count)}`;
  const wrapper = ['strace', '-qq', '-o', '/dev/null', '-e', `trace=${name}`, '-e', inject];
  return env.killedBy({ wrapper }, ...args);
}

/** `2/8` is the second of eight parts: a sweep of hours is done in several runs, or on several machines. */
const [PART = 1, PARTS = 1] = (process.env['TSPOD_FAULT_PART'] ?? '1/1').split('/').map(Number);

/** Every `stride`th of them, from `first` on, and of these the part that is to be tried. */
export function sampled<T>(all: readonly T[], stride: number, first = 0): readonly T[] {
  return all.filter((_, index) => index % stride === first).filter((_, index) => index % PARTS === PART - 1);
}
