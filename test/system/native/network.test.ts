/** Links above others, neighbours and routing rules, each in a network namespace of the test's own. */
import test from 'ava';
import type { ExecutionContext } from 'ava';

import {
  addAddress,
  addRoutingRule,
  createBridge,
  createDummy,
  createIpvlan,
  createMacvlan,
  createNamespace,
  createVeth,
  createVlan,
  findLink,
  isNativeError,
  listNeighbours,
  listRoutingRules,
  removeNeighbour,
  removeRoutingRule,
  setNeighbour,
  withNamespaces,
  type NamespaceHandle,
} from '../../../src/native/index.js';
import { requires, skip } from '../../helpers/requires.js';

interface Inside {
  readonly inside: { readonly net: NamespaceHandle };
}

async function ownNamespace(t: ExecutionContext): Promise<Inside> {
  const net = await createNamespace('net');
  t.teardown(() => {
    net.close();
  });
  return { inside: { net } };
}

/** A kind of link, on a veth that is its parent; skipped where the kernel has none of the kind. */
function madeAs(kind: string, make: (place: Inside & { name: string; parent: string }) => Promise<void>): void {
  test(`a ${kind} is made on its parent, in a namespace`, async (t) => {
    if (!requires(t, 'root')) return;
    const place = await ownNamespace(t);
    await createVeth({ name: 'below', up: true, ...place, peer: { name: 'other', up: true } });
    try {
      await make({ ...place, name: 'made', parent: 'below' });
    } catch (error) {
      if (!isNativeError(error, 'EOPNOTSUPP')) throw error;
      skip(t, `the kernel has no ${kind}`);
      return;
    }
    t.like(await findLink('made', place), { name: 'made', kind, up: true });
    await t.throwsAsync(make({ ...place, name: 'made', parent: 'below' }), { code: 'EEXIST' });
    await t.throwsAsync(make({ ...place, name: 'more', parent: 'absent' }), { code: 'ENODEV' });
  });
}

madeAs('macvlan', (link) => createMacvlan({ ...link, mode: 'private', macAddress: '02:00:00:00:00:07', up: true }));
madeAs('ipvlan', (link) => createIpvlan({ ...link, mode: 'l3', up: true }));
madeAs('vlan', (link) => createVlan({ ...link, id: 300, up: true }));

test('a dummy link is made in a namespace', async (t) => {
  if (!requires(t, 'root')) return;
  const place = await ownNamespace(t);
  try {
    await createDummy({ name: 'made', mtu: 1400, ...place });
  } catch (error) {
    if (!isNativeError(error, 'EOPNOTSUPP')) throw error;
    skip(t, 'the kernel has no dummy links');
    return;
  }
  t.like(await findLink('made', place), { kind: 'dummy', mtu: 1400, up: false });
});

test('what is no mode and no number of a VLAN is misuse', async (t) => {
  await t.throwsAsync(createMacvlan({ name: 'a', parent: 'b', mode: 'toString' as 'bridge' }), {
    instanceOf: TypeError,
  });
  await t.throwsAsync(createIpvlan({ name: 'a', parent: 'b', mode: 'l4' as 'l2' }), { instanceOf: TypeError });
  for (const id of [0, 4095, 1.5]) {
    await t.throwsAsync(createVlan({ name: 'a', parent: 'b', id }), { instanceOf: TypeError });
  }
});

test('neighbours are set, changed, listed and removed', async (t) => {
  if (!requires(t, 'root')) return;
  const place = await ownNamespace(t);
  await createBridge({ name: 'br0', up: true, ...place });
  await addAddress('br0', '192.0.2.1/24', place);
  const { index: linkIndex } = (await findLink('br0', place))!;
  const own = async () =>
    (await listNeighbours(place)).filter((each) => each.link === 'br0' && each.state === 'permanent');
  for (const macAddress of ['02:00:00:00:00:01', '02:00:00:00:00:02']) {
    await setNeighbour({ link: 'br0', address: '192.0.2.9', macAddress, ...place });
    t.deepEqual(await own(), [{ link: 'br0', linkIndex, address: '192.0.2.9', macAddress, state: 'permanent' }]);
  }
  for (const neighbour of await own()) await removeNeighbour({ ...neighbour, ...place });
  t.deepEqual(await own(), []);
  await t.throwsAsync(removeNeighbour({ link: 'br0', address: '192.0.2.9', ...place }), { code: 'ENOENT' });
  await t.throwsAsync(setNeighbour({ link: 'br0', address: 'x', macAddress: '02:00:00:00:00:01', ...place }), {
    instanceOf: TypeError,
  });
});

test('routing rules are added, listed and removed', async (t) => {
  if (!requires(t, 'root')) return;
  const place = await ownNamespace(t);
  const rule = { table: 1000, priority: 77, from: '192.0.2.0/24', to: '198.51.100.7/32', inLink: 'lo', mark: 5 };
  try {
    await addRoutingRule({ ...rule, ...place });
  } catch (error) {
    if (!isNativeError(error, 'EOPNOTSUPP')) throw error;
    skip(t, 'the kernel has no routing rules');
    return;
  }
  const own = async () => (await listRoutingRules(place)).filter(({ priority }) => priority === 77);
  t.deepEqual(await own(), [{ family: 'ipv4', ...rule }]);
  await t.throwsAsync(addRoutingRule({ ...rule, ...place }), { code: 'EEXIST' });
  await removeRoutingRule({ ...rule, ...place });
  t.deepEqual(await own(), []);
  await t.throwsAsync(removeRoutingRule({ ...rule, ...place }), { code: 'ENOENT' });
  t.true((await listRoutingRules(place)).some(({ family, table }) => family === 'ipv4' && table === 254));
  const mixed = { table: 1, from: '192.0.2.0/24', to: '2001:db8::/32', ...place };
  await t.throwsAsync(addRoutingRule(mixed), { instanceOf: TypeError });
});

test('withNamespaces has neighbours and rules of the namespace', async (t) => {
  if (!requires(t, 'root')) return;
  const { inside } = await ownNamespace(t);
  const found = await withNamespaces(inside, async (there) => {
    await there.createBridge({ name: 'br0', up: true });
    await there.setNeighbour({ link: 'br0', address: '192.0.2.9', macAddress: '02:00:00:00:00:01' });
    return there.listNeighbours();
  });
  t.true(found.some(({ address }) => address === '192.0.2.9'));
});
