/** The files that aardvark-dns reads. */
import test from 'ava';

import {
  namesAddresses,
  namesFileName,
  namesFileText,
  networkOfNamesFile,
  type NamedMember,
} from '../../../src/network/name-server-file.js';
import type { Network } from '../../../src/network/network-file.js';

const NETWORK: Network = {
  name: 'web',
  id: 'a'.repeat(64),
  driver: 'bridge',
  network_interface: 'web0',
  created: '2024-01-01T00:00:00Z',
  subnets: [
    { subnet: '10.89.0.0/24', gateway: '10.89.0.1' },
    { subnet: 'fd00::/64', gateway: 'fd00::1' },
  ],
  ipv6_enabled: true,
  internal: false,
  dns_enabled: true,
};

const ID = 'b'.repeat(64);
const names = ['one', 'alias', 'bbbbbbbbbbbb'];
const MEMBER: NamedMember = {
  id: ID,
  entries: [
    { address: '10.89.0.2', names },
    { address: 'fd00::2', names },
  ],
  servers: [],
};

const text = test.macro({
  exec: (t, network: Partial<Network>, members: readonly NamedMember[], expected: string | undefined) => {
    t.is(namesFileText({ ...NETWORK, ...network }, members), expected);
  },
  title: (title = '') => `names of a network: ${title}`,
});

test(
  'both families, and each name once',
  text,
  {},
  [MEMBER],
  `10.89.0.1,fd00::1\n${ID} 10.89.0.2 fd00::2 one,alias,bbbbbbbbbbbb\n`,
);
test(
  'the place of a missing family is empty',
  text,
  { subnets: [{ subnet: 'fd00::/64', gateway: 'fd00::1' }] },
  [{ ...MEMBER, entries: [{ address: 'fd00::2', names: ['one'] }] }],
  `fd00::1\n${ID}  fd00::2 one\n`,
);
test(
  "a container's own servers go before the network's; zones are not known",
  text,
  { network_dns_servers: ['192.0.2.1', '192.0.2.2'] },
  [
    { ...MEMBER, entries: [{ address: '10.89.0.2', names: ['one'] }], servers: ['192.0.2.9', 'fe80::1%eth0'] },
    { ...MEMBER, entries: [{ address: '10.89.0.3', names: ['two'] }] },
  ],
  `10.89.0.1,fd00::1\n${ID} 10.89.0.2  one 192.0.2.9\n${ID} 10.89.0.3  two 192.0.2.1,192.0.2.2\n`,
);
test(
  'nobody is asked for an internal network',
  text,
  { internal: true, network_dns_servers: ['192.0.2.1'] },
  [{ ...MEMBER, entries: [{ address: '10.89.0.2', names: ['one'] }], servers: ['192.0.2.9'] }],
  `10.89.0.1,fd00::1\n${ID} 10.89.0.2  one 255.255.255.255\n`,
);
test(
  'what would be another part of the line, or another line, is no name',
  text,
  {},
  [{ ...MEMBER, entries: [{ address: '10.89.0.2', names: ['a,b', 'a b', 'a\nb', '', 'ok'] }] }],
  `10.89.0.1,fd00::1\n${ID} 10.89.0.2  ok\n`,
);
test('nobody there', text, {}, [], undefined);
test('nobody with a name', text, {}, [{ ...MEMBER, entries: [{ address: '10.89.0.2', names: [] }] }], undefined);
test('nowhere to listen', text, { subnets: [{ subnet: '10.89.0.0/24' }] }, [MEMBER], undefined);

test('names of a network are told at its bridge, if they are', (t) => {
  t.deepEqual(namesAddresses(NETWORK), ['10.89.0.1', 'fd00::1']);
  t.deepEqual(namesAddresses({ ...NETWORK, dns_enabled: false }), []);
  t.deepEqual(namesAddresses({ ...NETWORK, driver: 'macvlan' }), []);
});

test('the file of a network is found again by its name; the program has files of its own', (t) => {
  for (const internal of [false, true]) t.is(networkOfNamesFile(namesFileName({ ...NETWORK, internal })), NETWORK.id);
  t.is(networkOfNamesFile('aardvark.pid'), undefined);
  t.is(networkOfNamesFile('web'), undefined);
});
