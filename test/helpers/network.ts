/** A network namespace of the test's own, which stands for the host's in what the command line does. */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';

import type { ExecutionContext } from 'ava';

import { storeOf } from './cli.js';

export interface TestNetwork {
  /** Runs a program of the machine in the namespace; answers what it prints. */
  readonly inside: (program: string, ...args: readonly string[]) => string;
  /** Names of its links. */
  readonly links: () => readonly string[];
  readonly path: string;
}

/** To be called before anything else is done with the test's store. Fails the test if it leaves links or rules there. */
export async function testNetwork(t: ExecutionContext<unknown>): Promise<TestNetwork> {
  const holder = spawn('unshare', ['--net', 'sh', '-c', 'ip link set lo up && echo ready && exec sleep 100000'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(holder.stdout, 'data');
  const path = `/proc/${holder.pid}/ns/net`;
  const inside = (program: string, ...args: readonly string[]): string =>
    execFileSync('nsenter', [`--net=${path}`, program, ...args], { encoding: 'utf8' });
  const links = (): readonly string[] =>
    (JSON.parse(inside('ip', '-j', 'link')) as { ifname: string }[]).map(({ ifname }) => ifname);
  // Of the teardowns this is the last: the store has been emptied by then.
  t.teardown(() => {
    const left = links();
    holder.kill('SIGKILL');
    assert.deepEqual(left, ['lo']);
  });
  storeOf(t).prefix = ['nsenter', `--net=${path}`];
  return { inside, links, path };
}
