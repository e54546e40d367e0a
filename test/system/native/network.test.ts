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
  runInNamespaces,
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
  t.deepEqual(await own(), [{ family: 'ipv4', action: 'lookup', ...rule }]);
  await t.throwsAsync(addRoutingRule({ ...rule, ...place }), { code: 'EEXIST' });
  await removeRoutingRule({ ...rule, ...place });
  t.deepEqual(await own(), []);
  await t.throwsAsync(removeRoutingRule({ ...rule, ...place }), { code: 'ENOENT' });
  t.true((await listRoutingRules(place)).some(({ family, table }) => family === 'ipv4' && table === 254));
  const mixed = { table: 1, from: '192.0.2.0/24', to: '2001:db8::/32', ...place };
  await t.throwsAsync(addRoutingRule(mixed), { instanceOf: TypeError });
});

/** As ip-rule(8) has it, and as it is listed. */
const RULES: readonly [string, object][] = [
  ['fwmark 0x1/0xff lookup 100', { table: 100, mark: 1, markMask: 255 }],
  ['fwmark 0/0xff00 lookup 100', { table: 100, mark: 0, markMask: 0xff00 }],
  ['blackhole', { action: 'blackhole', table: 0 }],
  ['from 192.0.2.0/24 unreachable', { action: 'unreachable', table: 0, from: '192.0.2.0/24' }],
  ['prohibit', { action: 'prohibit', table: 0 }],
  ['goto 200', { action: 'goto', table: 0, goto: 200 }],
  ['not fwmark 51820 lookup 51820', { table: 51820, mark: 51820, invert: true }],
  ['lookup main suppress_prefixlength 0', { table: 254, suppressPrefixLength: 0 }],
  ['lookup 100 suppress_ifgroup 7', { table: 100, suppressGroup: 7 }],
  ['tos 0x10 lookup 100', { table: 100, tos: 16 }],
  [
    'ipproto tcp dport 80-90 sport 1024 lookup 100',
    { table: 100, ipProtocol: 6, destinationPorts: { first: 80, last: 90 }, sourcePorts: { first: 1024, last: 1024 } },
  ],
  ['uidrange 1000-2000 lookup 100', { table: 100, uids: { first: 1000, last: 2000 } }],
];

for (const [words, listed] of RULES) {
  test(`a rule can be removed, and added again, as it is listed: ${words}`, async (t) => {
    if (!requires(t, 'root', 'ip')) return;
    const { inside } = await ownNamespace(t);
    const ip = async (...command: readonly string[]) => {
      const { exitCode, stdout, stderr } = await runInNamespaces({ command: ['ip', ...command], namespaces: inside });
      if (exitCode !== 0) throw new Error(stderr.toString());
      return stdout.toString();
    };
    await ip('rule', 'add', 'priority', '100', ...words.split(' '));
    const shown = await ip('rule', 'list');
    const rules = async () => (await listRoutingRules({ inside })).filter(({ priority }) => priority === 100);
    const [rule] = await rules();
    t.like(rule, { family: 'ipv4', priority: 100, action: 'lookup', ...listed });
    t.is(Object.keys(rule!).length, Object.keys({ family: '', priority: 0, action: '', ...listed }).length);
    await removeRoutingRule({ ...rule!, inside });
    t.deepEqual(await rules(), []);
    await addRoutingRule({ ...rule!, inside });
    t.is(await ip('rule', 'list'), shown);
  });
}

test('what is no rule is misuse', async (t) => {
  for (const wrong of [
    {},
    { action: 'drop' },
    { action: 'toString' },
    { action: 256 },
    { table: 1, tos: 256 },
    { table: 1, ipProtocol: 'tcp' },
    { table: 1, sourcePorts: 80 },
    { table: 1, sourcePorts: { first: 90, last: 80 } },
    { table: 1, destinationPorts: { first: 0, last: 65_536 } },
    { table: 1, uids: { first: 1 } },
    { table: 1, invert: 1 },
    { table: 1, markMask: -1 },
  ])
    await t.throwsAsync(addRoutingRule(wrong as object), { instanceOf: TypeError }, JSON.stringify(wrong));
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
