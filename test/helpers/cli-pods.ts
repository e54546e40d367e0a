/** Pods of a test on the command line. */
import { existsSync } from 'node:fs';

import test, { type ExecutionContext } from 'ava';

import { busyboxRoot } from './busybox.js';
import { collect, output, start } from './cli.js';
import { cgroupTops } from './leaks.js';
import { requires } from './requires.js';
import { ownTurn } from './turn.js';

/** A root for containers; no pod and no cgroup of one is left afterwards. */
export function onPods(title: string, body: (t: ExecutionContext, root: string) => Promise<void>): void {
  test(title, async (t) => {
    if (!requires(t, 'root', 'busybox', 'overlay')) return;
    await ownTurn(t);
    try {
      await body(t, busyboxRoot(t));
    } finally {
      await removePods(t);
    }
  });
}

async function removePods(t: ExecutionContext): Promise<void> {
  const listed = await collect(start(t, {}, 'pod', 'ps', '-q', '--no-trunc'));
  const ids = listed.stdout.split('\n').filter(Boolean);
  const removed = await collect(start(t, {}, 'pod', 'rm', '-fa', '-t', '0'));
  if (removed.status !== 0) throw new Error(`pod rm -fa: ${removed.stderr}`);
  const left = ids.flatMap((id) => cgroupTops().map((top) => `${top}/tspod/pod_${id}`)).filter(existsSync);
  if (left.length > 0) throw new Error(`cgroups are left: ${left.join(', ')}`);
}

export async function create(t: ExecutionContext, ...args: string[]): Promise<string> {
  const id = (await output(t, 'pod', 'create', ...args)).trim();
  t.regex(id, /^[0-9a-f]{64}$/);
  return id;
}

/** A container of a pod that sleeps, and runs. */
export async function member(t: ExecutionContext, root: string, ...flags: string[]): Promise<string> {
  const words = ['--stop-signal', 'KILL', ...flags, '--rootfs', `${root}:O`, 'sleep', '1000'];
  return (await output(t, 'run', '-d', ...words)).trim();
}

export async function field(t: ExecutionContext, name: string, template: string): Promise<string> {
  return (await output(t, 'inspect', '-f', template, name)).trim();
}
