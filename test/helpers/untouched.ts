/** What calls of tspod/native must leave as it was: this process, and what it has open. For tests that run one after the other. */
import assert from 'node:assert/strict';
import { readdirSync, readlinkSync } from 'node:fs';
import type { ExecutionContext } from 'ava';

import { NAMESPACE_KINDS } from '../../src/native/index.js';
import { until } from './until.js';
import { added, children, openDescriptors, statusField } from './native.js';

/** Namespaces of the main thread, working directory, umask and blocked signals. */
function ownState(): Readonly<Record<string, string>> {
  const namespaces = NAMESPACE_KINDS.map((kind) => [kind, namespaceOf(process.pid, kind)]);
  return {
    ...(Object.fromEntries(namespaces) as Record<string, string>),
    cwd: process.cwd(),
    umask: statusField(process.pid, 'Umask'),
    blocked: statusField(process.pid, 'SigBlk'),
    uid: statusField(process.pid, 'Uid'),
  };
}

/** What `readlink /proc/PID/ns/KIND` shows: `net:[4026531840]`. */
export function namespaceOf(pid: number | string, kind: string): string {
  return readlinkSync(`/proc/${pid}/ns/${kind}`);
}

/** Namespaces of a kind that threads of this process are in, but for its own. */
export function strayThreads(kind: string): string[] {
  const own = namespaceOf(process.pid, kind);
  return readdirSync('/proc/self/task')
    .map((thread) => threadNamespace(thread, kind))
    .filter((found): found is string => found !== undefined && found !== own);
}

function threadNamespace(thread: string, kind: string): string | undefined {
  try {
    return readlinkSync(`/proc/self/task/${thread}/ns/${kind}`);
  } catch {
    return undefined; // it has ended
  }
}

/** What is open, but for the monitor's executable, which is kept: a mount of its own (`/`), or a file in memory. */
function heldObjects(): string[] {
  return [...openDescriptors()]
    .filter(([, path]) => path !== '/' && !path.startsWith('/memfd:tspod-monitor'))
    .map(([fd, path]) => `${fd} ${path}`);
}

/** To be called before anything else: after the test, and its other teardowns, all is as it is now. */
export function staysUntouched(t: ExecutionContext<unknown>): void {
  const before = { state: ownState(), held: heldObjects(), children: children().map(pidOf) };
  t.teardown(async () => {
    assert.deepEqual(ownState(), before.state);
    // Monitors end and are reaped after they have told how their program ended.
    const left = () => [
      ...added(heldObjects(), before.held),
      ...added(children().map(pidOf), before.children),
      ...NAMESPACE_KINDS.flatMap(strayThreads),
    ];
    await until('what was made is gone', () => left().length === 0).catch(() => assert.deepEqual(left(), []));
  });
}

function pidOf(child: string): string {
  return child.split(' ', 1)[0] ?? '';
}
