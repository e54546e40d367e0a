import test from 'ava';
import { joinDrafts, NetlinkWriter } from '../../../src/native/netlink/draft.js';
import {
  draftAddress,
  draftBridge,
  draftHairpin,
  draftLinkRemoval,
  draftPortsQuestion,
  draftRoute,
  draftUpper,
  draftVeth,
} from '../../../src/native/netlink/link-drafts.js';
import {
  NLM_F,
  parseAttributes,
  request,
  RTM,
  text,
  textAttribute,
  u32Attribute,
} from '../../../src/native/netlink/message.js';
import { commentData } from '../../../src/native/netlink/nftables/message.js';

/** The attributes behind a fixed structure. */
function attributesOf(bytes: Buffer, fixed: number) {
  return parseAttributes(bytes.subarray(16 + fixed));
}

test('a draft is the request that the other encoder makes', (t) => {
  const draft = new NetlinkWriter(RTM.newLink, NLM_F.create).text(3, 'ab').u32(4, 1500).finish('make ab');
  const expected = request(RTM.newLink, NLM_F.create, [textAttribute(3, 'ab'), u32Attribute(4, 1500)]);
  expected.writeUInt32LE(0, 8);
  t.deepEqual(draft.bytes, expected);
});

test('a message of any length fits, an attribute has its limit', (t) => {
  const writer = new NetlinkWriter(RTM.newLink, 0);
  for (let count = 0; count < 100; count += 1) writer.attribute(1, new Uint8Array(1001));
  t.is(writer.finish('').bytes.length, 16 + 100 * 1008);
  t.throws(() => writer.attribute(1, new Uint8Array(65_532)), { instanceOf: RangeError });
  t.throws(() => writer.nested(1, () => writer.attribute(1, new Uint8Array(65_530))), { instanceOf: RangeError });
});

test('a veth pair: its ends, and where names and descriptors go', (t) => {
  const peer = { name: 'eth0', mtu: 1400, macAddress: '02:00:00:00:00:01', namespaceSlot: 7 };
  const { bytes, links, slots, words } = draftVeth({ name: 'ts0', master: 'br0', up: true, peer });
  t.is(words, 'make veth pair ts0 and eth0, port of br0');
  t.is(bytes.readUInt16LE(6), NLM_F.request | NLM_F.create | NLM_F.exclusive);
  t.is(bytes.readUInt32LE(16 + 8), 1);
  const attributes = attributesOf(bytes, 16);
  t.is(text(attributes.get(3)!), 'ts0');
  const info = parseAttributes(attributes.get(18)!);
  t.is(text(info.get(1)!), 'veth');
  const inside = parseAttributes(parseAttributes(info.get(2)!).get(1)!.subarray(16));
  t.is(text(inside.get(3)!), 'eth0');
  t.is(inside.get(4)!.readUInt32LE(0), 1400);
  t.is(inside.get(1)!.toString('hex'), '020000000001');
  t.deepEqual(
    links.map(({ name, offset }) => [name, bytes.readUInt16LE(offset - 2)]),
    [['br0', 10]],
  );
  t.deepEqual(
    slots.map(({ slot, offset }) => [slot, bytes.readUInt16LE(offset - 2)]),
    [[7, 28]],
  );
});

test('a bridge, and what is on a parent', (t) => {
  const kindOf = (bytes: Buffer) => parseAttributes(attributesOf(bytes, 16).get(18)!);
  t.is(text(kindOf(draftBridge({ name: 'br0' }).bytes).get(1)!), 'bridge');
  const macvlan = draftUpper({ name: 'eth0', parent: 'lan', kind: 'macvlan', mode: 'bridge', namespaceSlot: 1 });
  t.deepEqual(
    macvlan.links.map(({ name }) => name),
    ['lan'],
  );
  t.is(parseAttributes(kindOf(macvlan.bytes).get(2)!).get(1)!.readUInt32LE(0), 4);
  const ipvlan = draftUpper({ name: 'eth0', parent: 'lan', kind: 'ipvlan', mode: 'l3' });
  t.is(parseAttributes(kindOf(ipvlan.bytes).get(2)!).get(1)!.readUInt16LE(0), 1);
});

for (const [address, length, broadcast, flags] of [
  ['10.88.0.2/16', 16, '0a58ffff', undefined],
  ['192.0.2.1/32', 32, undefined, undefined],
  ['fd00::2/64', 64, undefined, 2],
] as const) {
  test(`the address ${address} of an interface`, (t) => {
    const { bytes, links } = draftAddress('eth0', address);
    const attributes = attributesOf(bytes, 8);
    t.is(bytes.readUInt8(17), length);
    t.is(attributes.get(4)?.toString('hex'), broadcast);
    t.is(attributes.get(8)?.readUInt32LE(0), flags);
    t.deepEqual(links, [{ offset: 20, name: 'eth0' }]);
  });
}

test('routes: the default one of each family, and to a network', (t) => {
  const byDefault = draftRoute({ destination: 'default', gateway: 'fd00::1', link: 'eth0', metric: 100 });
  t.is(byDefault.words, 'add route to default by fd00::1 on eth0');
  t.deepEqual([...byDefault.bytes.subarray(16, 24)], [10, 0, 0, 0, 254, 4, 0, 1]);
  t.false(attributesOf(byDefault.bytes, 12).has(1));
  t.is(attributesOf(byDefault.bytes, 12).get(6)!.readUInt32LE(0), 100);
  const onLink = draftRoute({ destination: '192.0.2.0/24', link: 'eth0', metric: 0 });
  t.deepEqual([...onLink.bytes.subarray(16, 24)], [2, 24, 0, 0, 254, 4, 253, 1]);
  t.false(attributesOf(onLink.bytes, 12).has(6));
});

for (const make of [
  () => draftAddress('eth0', '10.88.0.300/16'),
  () => draftRoute({ destination: 'everywhere', gateway: '10.88.0.1', link: 'eth0', metric: 0 }),
  () => draftRoute({ destination: 'default', gateway: 'none', link: 'eth0', metric: 0 }),
  () => draftLinkRemoval('a name of 16 by'),
  () => draftBridge({ name: 'sixteen-letters-' }),
  () => draftVeth({ name: 'a/b', peer: { name: 'eth0' } }),
]) {
  test(`refused before the kernel is asked: ${make.toString()}`, (t) => {
    t.throws(make, { instanceOf: TypeError });
  });
}

test('joined messages are numbered, and their offsets count from the first', (t) => {
  const first = draftLinkRemoval('a');
  const joined = joinDrafts([first, draftPortsQuestion('br0'), draftHairpin('p')]);
  t.deepEqual(joined.words, ['remove link a', 'look for ports of br0', 'let the port p send back']);
  let offset = 0;
  for (const number of [0, 1, 2]) {
    t.is(joined.bytes.readUInt32LE(offset + 8), number);
    offset += joined.bytes.readUInt32LE(offset);
  }
  t.is(offset, joined.bytes.length);
  t.is(joined.links[0]?.name, 'br0');
  t.is(joined.links[0]?.offset, first.bytes.length + 16 + 16 + 4);
});

test('a comment is what nft shows as one', (t) => {
  t.is(Buffer.from(commentData('abc')).toString('hex'), '000461626300');
});
