/** Processes: whether they live, whose children they are, how they end. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import type { ExecutionContext } from 'ava';

import { readIfThere } from '../../src/native/if-there.js';
import { until } from './until.js';

/** Not of one that has ended and only waits for its parent to look. */
export function isAlive(pid: number): boolean {
  const status = readIfThere(`/proc/${String(pid)}/status`);
  return status !== undefined && !/^State:\t[ZX]/m.test(status);
}

export function isStopped(pid: number): boolean {
  return /^State:\tT/m.test(readFileSync(`/proc/${String(pid)}/status`, 'utf8'));
}

/**
 * SIGSTOP takes effect when the process next runs: waits for that. Sent again to one that was woken in between, as the engine of the test does with
 * monitors that it is connected to.
 */
export async function suspend(...pids: readonly number[]): Promise<void> {
  await until(`processes ${pids.join(', ')} are stopped`, () => {
    const running = pids.filter((pid) => !isStopped(pid));
    for (const pid of running) process.kill(pid, 'SIGSTOP');
    return running.length === 0;
  });
}

/** Its children, in the order in which they were made. */
export function childrenOf(pid: number): readonly number[] {
  const text = readFileSync(`/proc/${String(pid)}/task/${String(pid)}/children`, 'utf8');
  return text.split(' ').filter(Boolean).map(Number);
}

export function socketsOf(pid: number): number {
  return readdirSync(`/proc/${String(pid)}/fd`).filter((fd) =>
    linkOf(`/proc/${String(pid)}/fd/${fd}`).startsWith('socket:'),
  ).length;
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

/** Kills it and waits until it is no more. */
export async function killHard(pid: number): Promise<void> {
  // 0 would be this process and all its relatives.
  if (pid <= 0) throw new RangeError(`there is no process ${String(pid)} to kill`);
  process.kill(pid, 'SIGKILL');
  await untilGone(pid);
}

/** Kills it when the test is over, before what was made earlier is cleared away: it may be at work on that. */
export function endsWithTest(t: ExecutionContext<unknown>, child: ChildProcess): void {
  const ended = once(child, 'exit');
  t.teardown(async () => {
    child.kill('SIGKILL');
    await ended;
  });
}

export async function untilGone(...pids: readonly number[]): Promise<void> {
  await until(`the end of ${pids.join(', ')}`, () => !pids.some(isAlive));
}

/** Of a pipe, unless somebody asks for another one: pipe(7). */
const PIPE_BYTES = 65536;
const STALLED_LOOKS = 5;

/**
 * Waits until a process that writes without end is held up: it and those that take from it sleep, and what it has written has stopped growing. It has
 * filled its pipe by then, so that this is not the moment before it begins.
 */
export async function untilStalled(writer: number, ...takers: readonly number[]): Promise<void> {
  let before = 0;
  let looks = 0;
  await until(`process ${String(writer)} is held up`, () => {
    const written = bytesWritten(writer);
    const isStalled = written >= PIPE_BYTES && written === before && [writer, ...takers].every(isAsleep);
    looks = isStalled ? looks + 1 : 0;
    before = written;
    return looks === STALLED_LOOKS;
  });
}

/** proc_pid_io(5). */
function bytesWritten(pid: number): number {
  return Number(/^wchar: (\d+)$/m.exec(readFileSync(`/proc/${String(pid)}/io`, 'utf8'))?.[1]);
}

/** And waits for an event: nothing is left to do. */
function isAsleep(pid: number): boolean {
  return /^State:\tS/m.test(readFileSync(`/proc/${String(pid)}/status`, 'utf8'));
}
