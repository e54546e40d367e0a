/** Containers whose interface lies above one of the host (macvlan, ipvlan), which is nowhere to be seen but in their own namespace. */
import test, { type ExecutionContext } from 'ava';

import { busyboxRoot } from '../../helpers/busybox.js';
import { output, run } from '../../helpers/cli.js';
import { until } from '../../helpers/until.js';
import { testNetwork, type TestNetwork } from '../../helpers/network.js';
import { requires, skip } from '../../helpers/requires.js';

const SLEEP = ['sleep', '1000'] as const;

/** A network called `wire` above `lan`; undefined, and the test skipped, where the kernel has no such links. */
async function wireOf(t: ExecutionContext<unknown>, driver: string): Promise<TestNetwork | undefined> {
  if (!requires(t, 'root', 'busybox', 'overlay', 'unshare', 'nsenter')) return undefined;
  const network = await testNetwork(t);
  network.inside('ip', 'link', 'add', 'lan', 'type', 'bridge');
  network.inside('ip', 'link', 'set', 'lan', 'up');
  t.teardown(() => network.inside('ip', 'link', 'del', 'lan'));
  try {
    network.inside('ip', 'link', 'add', 'link', 'lan', 'name', 'tried', 'type', driver);
  } catch {
    skip(t, `the kernel has no ${driver}`);
    return undefined;
  }
  network.inside('ip', 'link', 'del', 'tried');
  await run(t, 0, 'network', 'create', '-d', driver, '-o', 'parent=lan', '--subnet', '10.52.0.0/24', 'wire');
  return network;
}

const pidOf = async (t: ExecutionContext<unknown>, name: string) =>
  Number(await output(t, 'inspect', '-f', '{{.State.Pid}}', name));

const addressesOf = async (t: ExecutionContext<unknown>, name: string) =>
  [...(await output(t, 'exec', name, 'ip', '-o', '-4', 'addr')).matchAll(/(eth\d)\s+inet (\S+)/g)].map(
    ([, link, address]) => `${link} ${address}`,
  );

for (const driver of ['macvlan', 'ipvlan']) {
  test(`${driver}: a policy starts the container again, with its interface`, async (t) => {
    if ((await wireOf(t, driver)) === undefined) return;
    const root = [`--rootfs`, `${busyboxRoot(t)}:O`];
    await run(
      t,
      0,
      'run',
      '-d',
      '--name',
      'a',
      '--restart',
      'always',
      '--network',
      'wire:ip=10.52.0.7',
      ...root,
      ...SLEEP,
    );
    for (let round = 0; round < 2; round += 1) {
      const pid = await pidOf(t, 'a');
      process.kill(pid, 'SIGKILL');
      await until('it runs again', async () => ![0, pid].includes(await pidOf(t, 'a')));
      t.deepEqual(await addressesOf(t, 'a'), ['eth0 10.52.0.7/24']);
    }
    await run(t, 0, 'rm', '-f', '-t', '0', 'a');
  });

  test(`${driver}: the interface goes with the container, also where another is in its namespace`, async (t) => {
    if ((await wireOf(t, driver)) === undefined) return;
    const root = [`--rootfs`, `${busyboxRoot(t)}:O`];
    await run(t, 0, 'run', '-d', '--name', 'm', '--network', 'wire:ip=10.52.0.7', ...root, ...SLEEP);
    await run(t, 0, 'run', '-d', '--name', 'j', '--network', 'container:m', ...root, ...SLEEP);
    t.deepEqual(await addressesOf(t, 'j'), ['eth0 10.52.0.7/24']);
    // The monitor tears down by another plan than that of the launch.
    await run(t, 0, 'update', '--restart', 'always', 'm');
    await run(t, 0, 'stop', '-t', '0', 'm');
    t.deepEqual(await addressesOf(t, 'j'), []);
    await run(t, 0, 'start', 'm');
    t.deepEqual(await addressesOf(t, 'm'), ['eth0 10.52.0.7/24']);
    await run(t, 0, 'rm', '-f', '-t', '0', 'j', 'm');
  });
}
