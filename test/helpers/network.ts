/** A network namespace of the test's own, which stands for the host's in what the command line does. */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { ExecutionContext } from 'ava';

import { storeOf } from './cli.js';
import { temporaryDirectory } from './temp.js';
import { ownTurn } from './turn.js';

export interface TestNetwork {
  /** Runs a program of the machine in the namespace; answers what it prints. */
  readonly inside: (program: string, ...args: readonly string[]) => string;
  /** Names of its links. */
  readonly links: () => readonly string[];
  readonly path: string;
}

/**
 * To be called before anything else is done with the test's store. Fails the test if it leaves links or rules there. `resolvConf`: what the host's
 * /etc/resolv.conf says there.
 */
export async function testNetwork(
  t: ExecutionContext<unknown>,
  { resolvConf }: { readonly resolvConf?: string } = {},
): Promise<TestNetwork> {
  await ownTurn(t);
  const file = resolvConf === undefined ? undefined : fileWith(t, resolvConf);
  const mount = file === undefined ? '' : `mount --bind ${file} /etc/resolv.conf && `;
  const script = `${mount}ip link set lo up && echo ready && exec sleep 100000`;
  const own = file === undefined ? ['--net'] : ['--net', '--mount'];
  const holder = spawn('unshare', [...own, 'sh', '-c', script], { stdio: ['ignore', 'pipe', 'inherit'] });
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
  const mounts = file === undefined ? [] : [`--mount=/proc/${holder.pid}/ns/mnt`];
  storeOf(t).prefix = ['nsenter', `--net=${path}`, ...mounts];
  return { inside, links, path };
}

function fileWith(t: ExecutionContext<unknown>, text: string): string {
  const path = join(temporaryDirectory(t), 'resolv.conf');
  writeFileSync(path, text);
  return path;
}
