/** Commands about networks that are killed in the middle: the next one finds nothing left, and goes on where it was cut off. */
import test, { type ExecutionContext } from 'ava';

import { busyboxRoot } from '../../helpers/busybox.js';
import { KILLED_BY_SIGNAL, collect, output, run, start } from '../../helpers/cli.js';
import { testNetwork } from '../../helpers/network.js';
import { requires } from '../../helpers/requires.js';

async function killedAt(t: ExecutionContext<unknown>, point: string, ...args: readonly string[]): Promise<void> {
  const { status } = await collect(start(t, { env: { TSPOD_TEST: '1', TSPOD_FAILPOINT: point } }, ...args));
  t.is(status, KILLED_BY_SIGNAL);
}

test('kill -9: a start that has leased its addresses gives them back, and one that has not told others is finished', async (t) => {
  if (!requires(t, 'root', 'busybox', 'overlay', 'unshare', 'nsenter')) return;
  await testNetwork(t);
  const root = [`--rootfs`, `${busyboxRoot(t)}:O`];
  await run(t, 0, 'network', 'create', '--subnet', '10.50.0.0/29', 'web');
  const sleep = (name: string): string[] => ['run', '-d', '--name', name, '--network', 'web', ...root, 'sleep', '1000'];
  await run(t, 0, ...sleep('a'));
  // More often than there are addresses.
  for (let attempt = 0; attempt < 7; attempt += 1) {
    await killedAt(t, 'addresses-leased', ...sleep('b'));
    await run(t, 0, 'rm', '-f', 'b');
  }
  t.notRegex(await output(t, 'exec', 'a', 'cat', '/etc/hosts'), /# containers/);
  await killedAt(t, 'members-told', ...sleep('b'));
  t.regex(await output(t, 'exec', 'a', 'cat', '/etc/hosts'), /\tb /);
  await killedAt(t, 'members-told', 'rm', '-f', '-t', '0', 'b');
  await output(t, 'ps');
  t.notRegex(await output(t, 'exec', 'a', 'cat', '/etc/hosts'), /\tb /);
});

test('kill -9: a disconnect that has told the monitor alone can be repeated, and taken back', async (t) => {
  if (!requires(t, 'root', 'busybox', 'overlay', 'unshare', 'nsenter')) return;
  await testNetwork(t);
  const root = [`--rootfs`, `${busyboxRoot(t)}:O`];
  // One address.
  await run(t, 0, 'network', 'create', '--subnet', '10.50.0.0/30', 'web');
  const flags = ['--name', 'a', '--restart', 'always', '--network', 'web'];
  await run(t, 0, 'run', '-d', ...flags, ...root, 'sleep', '1000');
  const address = async (): Promise<string | undefined> =>
    /inet (10\S+)/.exec(await output(t, 'exec', 'a', 'ip', '-4', 'addr'))?.[1];
  await killedAt(t, 'plan-changed', 'network', 'disconnect', 'web', 'a');
  t.is(await address(), '10.50.0.2/30');
  t.regex((await run(t, 126, 'run', '--rm', '--network', 'web', ...root, 'true')).stderr, /addresses are in use/);
  await run(t, 0, 'network', 'connect', 'web', 'a');
  await killedAt(t, 'plan-changed', 'network', 'disconnect', 'web', 'a');
  await run(t, 0, 'network', 'disconnect', 'web', 'a');
  t.is(await address(), undefined);
  await run(t, 0, 'run', '--rm', '--network', 'web', ...root, 'true');
  await run(t, 0, 'network', 'connect', 'web', 'a');
  t.is(await address(), '10.50.0.2/30');
  await run(t, 0, 'rm', '-f', '-t', '0', 'a');
});
