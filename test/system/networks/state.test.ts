/** What the library tells of a container's network, as the kernel has it. */
import test from 'ava';

import { holdNetworkNamespace } from '../../../src/container/network/namespace.js';
import { processRef } from '../../../src/container/observe.js';
import { createNamespace } from '../../../src/native/namespace-create.js';
import { openNamespace } from '../../../src/native/namespace-handle.js';
import { addAddress } from '../../../src/native/netlink/addresses.js';
import { createVeth, setLink } from '../../../src/native/netlink/links.js';
import { addRoute } from '../../../src/native/netlink/routes.js';
import { rejectsWith, testEngine } from '../../helpers/engine.js';
import { requires } from '../../helpers/requires.js';

test('addresses and routes of a container are those of its network namespace', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const env = await testEngine(t);
  const net = await createNamespace('net');
  t.teardown(() => {
    net.close();
  });
  const inside = { net };
  await setLink('lo', { up: true, inside });
  await createVeth({ name: 'one', up: true, inside, peer: { name: 'two', up: true } });
  await addAddress('one', '198.51.100.2/24', { inside });
  await addRoute({ destination: 'default', gateway: '198.51.100.1', metric: 7, inside });
  const network = `path:/proc/${String(process.pid)}/fd/${String(net.fd)}` as const;
  const container = await env.engine.containers.create(env.options({ network, command: ['sleep', '1000'] }));
  await rejectsWith(t, container.addresses(), 'CONTAINER_STOPPED');
  await container.start();
  const addresses = await container.addresses();
  t.deepEqual(
    addresses.filter(({ family }) => family === 'ipv4'),
    [
      { interface: 'lo', address: '127.0.0.1/8', family: 'ipv4', scope: 'host' },
      { interface: 'one', address: '198.51.100.2/24', family: 'ipv4', scope: 'global' },
    ],
  );
  const routes = await container.routes();
  t.deepEqual(
    routes.filter(({ family }) => family === 'ipv4'),
    [
      { family: 'ipv4', destination: 'default', gateway: '198.51.100.1', interface: 'one', metric: 7 },
      { family: 'ipv4', destination: '198.51.100.0/24', interface: 'one', metric: 0 },
    ],
  );
  t.deepEqual(await container.egress(), []);
  await container.kill();
  await rejectsWith(t, container.routes(), 'CONTAINER_STOPPED');
});

const STARTED = { status: 'running', startedUs: 0, restarts: 0 } as const;

test('a network namespace is not taken from a process that has got the number of another one', (t) => {
  const own = processRef(process.pid);
  if (own === undefined) throw new Error('no process');
  const live = { ...STARTED, monitor: own, init: own, networkNamespace: undefined };
  using net = holdNetworkNamespace('x', live);
  t.is(net.kind, 'net');
  for (const other of [
    { ...own, startTime: own.startTime - 1n },
    { pid: 2 ** 22 + 1, startTime: 0n },
  ]) {
    t.throws(() => holdNetworkNamespace('x', { ...live, init: other }), { code: 'CONTAINER_STOPPED' });
    t.throws(() => holdNetworkNamespace('x', { ...live, monitor: other }), { code: 'CONTAINER_STOPPED' });
  }
});

test('a network namespace that the process has left is taken from the monitor, and no other in its place', async (t) => {
  if (!requires(t, 'root')) return;
  const own = processRef(process.pid);
  if (own === undefined) throw new Error('no process');
  const live = (networkNamespace: bigint) => ({ ...STARTED, monitor: own, init: own, networkNamespace });
  using left = await createNamespace('net');
  using held = holdNetworkNamespace('x', live(left.inode));
  t.is(held.inode, left.inode);
  using entered = openNamespace('net', { pid: process.pid });
  using stayed = holdNetworkNamespace('x', live(entered.inode));
  t.is(stayed.inode, entered.inode);
  t.throws(() => holdNetworkNamespace('x', live(1n)), {
    code: 'STATE_INVALID',
    message: 'container x has left its network namespace',
  });
});
