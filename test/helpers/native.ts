/** What the tests of tspod/native share: descriptors, children and mounts of this process, as the kernel tells them. */
import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import type { ExecutionContext } from 'ava';
import type { NamespaceHandle } from '../../src/native/index.js';

/** Descriptors of this process and what they are open on, without the directory that is being read. */
export function openDescriptors(): Map<number, string> {
  const descriptors = new Map<number, string>();
  for (const name of readdirSync('/proc/self/fd')) {
    try {
      descriptors.set(Number(name), readlinkSync(`/proc/self/fd/${name}`));
    } catch {
      // the directory itself: closed again
    }
  }
  return descriptors;
}

/** Children of this process, zombies among them: `PID STATE`. */
export function children(): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => readText(`/proc/${pid}/stat`))
    .map((stat) => ({ pid: stat.split(' ', 1)[0] ?? '', rest: stat.slice(stat.lastIndexOf(')') + 2).split(' ') }))
    .filter(({ rest }) => Number(rest[1]) === process.pid)
    .map(({ pid, rest }) => `${pid} ${rest[0]}`);
}

/** Threads of this process. */
export function threadCount(): number {
  return readdirSync('/proc/self/task').length;
}

/** Mount points of this process's mount namespace. */
export function mountPoints(): string[] {
  return readText('/proc/self/mountinfo')
    .trim()
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '');
}

/** A field of /proc/PID/status. */
export function statusField(pid: number, name: string): string {
  return new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(readText(`/proc/${pid}/status`))?.[1] ?? '';
}

/** Closes the namespace after the test. */
export function held(t: ExecutionContext<unknown>, namespace: NamespaceHandle): NamespaceHandle {
  t.teardown(() => namespace.close());
  return namespace;
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** What is there now and was not before: what an earlier test left to be closed or reaped may be gone by now. */
export function added<T>(now: Iterable<T>, before: Iterable<T>): T[] {
  const known = new Set(before);
  return [...now].filter((item) => !known.has(item));
}

/** Whether a descriptor (/proc/PID/fd/N) is /dev/null, which has no name where native/core/null_device.h has opened it. */
export function isNullDevice(path: string): boolean {
  return statSync(path).rdev === statSync('/dev/null').rdev;
}
