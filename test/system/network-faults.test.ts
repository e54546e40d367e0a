/** Commands about networks that are killed in the middle: the next one finds nothing left, and goes on where it was cut off. */
import test from 'ava';

import { busyboxRoot } from '../helpers/busybox.js';
import { KILLED_BY_SIGNAL, collect, output, run, start } from '../helpers/cli.js';
import { testNetwork } from '../helpers/network.js';
import { requires } from '../helpers/requires.js';

test('kill -9: a start that has leased its addresses gives them back, and one that has not told others is finished', async (t) => {
  if (!requires(t, 'root', 'busybox', 'overlay', 'unshare', 'nsenter')) return;
  await testNetwork(t);
  const root = [`--rootfs`, `${busyboxRoot(t)}:O`];
  await run(t, 0, 'network', 'create', '--subnet', '10.50.0.0/29', 'web');
  const sleep = (name: string): string[] => ['run', '-d', '--name', name, '--network', 'web', ...root, 'sleep', '1000'];
  await run(t, 0, ...sleep('a'));
  const killed = async (point: string, ...args: string[]): Promise<void> => {
    const { status } = await collect(start(t, { env: { TSPOD_TEST: '1', TSPOD_FAILPOINT: point } }, ...args));
    t.is(status, KILLED_BY_SIGNAL);
  };
  // More often than there are addresses.
  for (let attempt = 0; attempt < 7; attempt += 1) {
    await killed('addresses-leased', ...sleep('b'));
    await run(t, 0, 'rm', '-f', 'b');
  }
  t.notRegex(await output(t, 'exec', 'a', 'cat', '/etc/hosts'), /# containers/);
  await killed('members-told', ...sleep('b'));
  t.regex(await output(t, 'exec', 'a', 'cat', '/etc/hosts'), /\tb /);
  await killed('members-told', 'rm', '-f', '-t', '0', 'b');
  await output(t, 'ps');
  t.notRegex(await output(t, 'exec', 'a', 'cat', '/etc/hosts'), /\tb /);
});
