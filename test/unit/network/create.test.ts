import test from 'ava';

import { isTspodError, type ErrorCode } from '../../../src/errors.js';
import type { NetworkCreateOptions } from '../../../src/network/create-options.js';
import { newNetwork, type Surroundings } from '../../../src/network/create.js';
import { driverSettings } from '../../../src/network/driver-options.js';
import { parseNetworkFile, networkFileText, type Network } from '../../../src/network/network-file.js';
import { freeIpv4Subnet, freeIpv6Subnet } from '../../../src/network/subnets.js';
import { parseIpPrefix } from '../../../src/util/ip-address.js';
import { overlaps, rangeOf, type IpRange } from '../../../src/util/ip-network.js';

const EMPTY: Surroundings = {
  networks: [],
  hostRanges: [],
  routedRanges: [],
  hostInterfaces: new Map([
    ['lo', undefined],
    ['eth0', undefined],
    ['br0', 'bridge'],
  ]),
  firstSubnet: 0,
  firstBridge: 1,
};

function range(text: string): IpRange {
  return rangeOf(parseIpPrefix(text)!);
}

function make(options: NetworkCreateOptions, around: Partial<Surroundings> = {}): Network {
  return newNetwork(options, { ...EMPTY, ...around });
}

test('create: a bridge has the first free name and subnet, and its file reads back as it was', (t) => {
  const first = make({});
  t.like(first, {
    name: 'tspod1',
    driver: 'bridge',
    network_interface: 'tspod1',
    subnets: [{ subnet: '10.89.0.0/24', gateway: '10.89.0.1' }],
    ipv6_enabled: false,
    internal: false,
    dns_enabled: true,
    ipam_options: { driver: 'host-local' },
  });
  const second = make({ name: 'web', labels: { a: 'b' }, options: { mtu: '1400' } }, { networks: [first] });
  t.is(make({ interfaceName: 'br0' }).network_interface, 'br0');
  t.like(second, { network_interface: 'tspod2', subnets: [{ subnet: '10.89.1.0/24', gateway: '10.89.1.1' }] });
  t.deepEqual(parseNetworkFile('x', networkFileText(second)), second);
});

test("create: a subnet does not overlap the host's addresses, nor its routes unless all do or it was asked for", (t) => {
  const hostRanges = ['10.89.0.7/32', '10.89.1.0/25', '10.90.0.0/15', '0.0.0.0/32'].map(range);
  t.is(make({}, { hostRanges }).subnets?.[0]?.subnet, '10.89.2.0/24');
  t.is(make({}, { hostRanges: [range('10.89.0.0/16'), range('10.90.0.0/15')] }).subnets?.[0]?.subnet, '10.92.0.0/24');
  t.is(make({}, { hostRanges, routedRanges: [range('10.88.0.0/13')] }).subnets?.[0]?.subnet, '10.96.0.0/24');
  const everywhere = ['0.0.0.0/1', '128.0.0.0/1', '::/1', '8000::/1'].map(range);
  t.is(make({}, { hostRanges, routedRanges: everywhere }).subnets?.[0]?.subnet, '10.89.2.0/24');
  t.is(make({ ipv6: true }, { routedRanges: everywhere }).subnets?.length, 2);
  const asked = { subnets: [{ subnet: '10.5.0.0/24' }] };
  t.is(make(asked, { routedRanges: [range('10.0.0.0/8')] }).subnets?.[0]?.subnet, '10.5.0.0/24');
});

test('create: IPv6 adds a random local subnet, and an IPv4 one where there is none', (t) => {
  const dual = make({ ipv6: true });
  t.is(dual.subnets?.length, 2);
  t.regex(dual.subnets?.[1]?.subnet ?? '', /^fd[0-9a-f:]+::\/64$/);
  t.true(dual.ipv6_enabled);
  const given = make({ ipv6: true, subnets: [{ subnet: 'fd00:1::/64' }] });
  t.deepEqual(
    given.subnets?.map(({ subnet, gateway }) => [subnet, gateway]),
    [
      ['fd00:1::/64', 'fd00:1::1'],
      ['10.89.0.0/24', '10.89.0.1'],
    ],
  );
  t.true(make({ subnets: [{ subnet: 'fd00:1::/64' }] }).ipv6_enabled);
});

test('create: subnet, gateway and range are as given, cleaned', (t) => {
  const subnets = [{ subnet: '10.66.0.9/29', gateway: '10.66.0.14', ipRange: '10.66.0.12/30' }];
  t.deepEqual(make({ subnets }).subnets, [
    { subnet: '10.66.0.8/29', gateway: '10.66.0.14', lease_range: { start_ip: '10.66.0.13', end_ip: '10.66.0.15' } },
  ]);
  t.deepEqual(
    make({ subnets: [{ subnet: '10.66.0.0/24', ipRange: '10.66.0.20-10.66.0.30' }] }).subnets?.[0]?.lease_range,
    {
      start_ip: '10.66.0.20',
      end_ip: '10.66.0.30',
    },
  );
});

test('create: macvlan and ipvlan keep their parent as a field, and need a subnet', (t) => {
  const subnets = [{ subnet: '192.0.2.0/24' }];
  const network = make({ name: 'lan', driver: 'macvlan', options: { parent: 'eth0', mode: 'vepa' }, subnets });
  t.like(network, { network_interface: 'eth0', options: { mode: 'vepa' } });
  // the host's own subnet is what such a network has
  t.notThrows(() =>
    make({ driver: 'ipvlan', options: { mode: 'l3' }, subnets }, { hostRanges: [range('192.0.2.2/24')] }),
  );
  t.is(make({ driver: 'ipvlan', subnets }).name, 'tspod1');
  t.false('gateway' in (make({ driver: 'macvlan', internal: true, subnets }).subnets?.[0] ?? {}));
});

test('driver options: understood, and those of others passed over', (t) => {
  t.deepEqual(
    driverSettings('bridge', { mtu: '1400', vlan: '7', isolate: 'strict', metric: '5', no_default_route: '1' }),
    {
      mtu: 1400,
      vlan: 7,
      isolation: 'strict',
      metric: 5,
      noDefaultRoute: true,
      mode: '',
    },
  );
  t.like(driverSettings('bridge', { mtu: '99999999', isolate: 'T', mode: 'x' }), {
    mtu: 0,
    isolation: 'isolated',
    mode: '',
  });
  t.is(driverSettings('bridge').isolation, 'strict');
  t.is(driverSettings('bridge', { isolate: 'false' }).isolation, 'none');
  t.is(driverSettings('macvlan').mode, 'bridge');
  t.is(driverSettings('ipvlan', { mode: 'l3s' }).mode, 'l3s');
});

type Case = Partial<Surroundings> & { readonly code?: ErrorCode };

const refused = test.macro({
  exec(t, options: NetworkCreateOptions, words: RegExp, { code = 'INVALID_ARGUMENT', ...around }: Case = {}) {
    const error = t.throws(() => make(options, around));
    t.true(isTspodError(error, code), String(error));
    t.regex(error.message, words);
  },
  title: (_title, options: NetworkCreateOptions, words: RegExp, _case?: Case) =>
    `create: refuses ${JSON.stringify(options)}: ${words.source}`,
});

const web = make({ name: 'web' });
for (const name of ['a/b', '..', '../b', 'a b', 'a;b', '$(x)', '-x', '', 'ä', 'a\nb', 'x'.repeat(256)])
  test(refused, { name }, /^network name .* invalid: names must match/s);
test(refused, { name: 'host' }, /conflicts with a valid network mode/);
test(refused, { name: 'web' }, /network name web already used/, { networks: [web], code: 'NETWORK_EXISTS' });
test(refused, { driver: 'foo' as 'bridge' }, /unsupported driver foo/);
test(refused, { options: { foo: 'bar' } }, /unsupported bridge network option foo/);
test(refused, { options: { __proto__x: 'bar' } }, /unsupported bridge network option/);
test(refused, { options: { mtu: 'abc' } }, /mtu: parsing "abc"/);
test(refused, { options: { vlan: '4095' } }, /vlan ID 4095 must be between 0 and 4094/);
test(refused, { options: { vlan: '7' } }, /the option vlan of bridges is not supported/, { code: 'NOT_SUPPORTED' });
test(refused, { options: { isolate: 'x' } }, /isolate: parsing "x"/);
for (const interfaceName of ['0123456789abcdef', 'a/b', '..', 'a b', ''])
  test(refused, { interfaceName }, /interface name .* is not 1 to 15/);
test(refused, { interfaceName: 'tspod1' }, /bridge name tspod1 already in use/, { networks: [web] });
test(refused, { interfaceName: 'eth0' }, /interface eth0 already exists, and is not a bridge/);
test(refused, { subnets: [{ subnet: 'abc' }] }, /invalid CIDR address: abc/);
test(refused, { subnets: [{ subnet: '10.0.0.1' }] }, /invalid CIDR address/);
test(refused, { subnets: [{ subnet: '10.0.0.0/31' }] }, /too small/);
test(refused, { subnets: [{ subnet: '10.89.0.128/25' }] }, /already used on the host or by another config/, {
  networks: [web],
});
test(refused, { subnets: [{ subnet: '10.0.0.0/8' }] }, /already used/, { hostRanges: [range('10.1.2.3/32')] });
test(
  refused,
  { subnets: [{ subnet: '10.5.0.0/16' }, { subnet: '10.5.7.0/24' }] },
  /overlaps another one of this network/,
);
test(
  refused,
  { subnets: [{ subnet: '10.5.0.0/24', gateway: '10.6.0.1' }] },
  /gateway 10.6.0.1 not in subnet 10.5.0.0\/24/,
);
test(
  refused,
  { subnets: [{ subnet: '10.5.0.0/24', ipRange: '10.6.0.0/25' }] },
  /lease range start ip 10.6.0.1 not in subnet/,
);
test(refused, { subnets: [{ subnet: '10.5.0.0/24', ipRange: '10.5.0.9-10.5.0.3' }] }, /the end comes before the start/);
test(refused, { driver: 'macvlan' }, /macvlan driver needs at least one subnet/);
test(
  refused,
  { driver: 'macvlan', options: { parent: 'eth9' }, subnets: [{ subnet: '10.5.0.0/24' }] },
  /parent interface eth9 does not exist/,
);
test(refused, { driver: 'macvlan', options: { mode: 'x' } }, /unknown macvlan mode "x"/);
test(refused, { dnsServers: ['x'] }, /unable to parse ip "x"/);
test(refused, { ipamDriver: 'none', subnets: [{ subnet: '10.5.0.0/24' }] }, /none ipam driver is set but subnets/);
test(refused, { routes: [{ destination: 'x', gateway: '10.0.0.1' }] }, /route: invalid CIDR/);
test(refused, { routes: [{ destination: '10.1.0.0/16', gateway: 'fd00::1' }] }, /of another family/);

test('subnets: where nothing is free there is a clear error, and the search wraps around', (t) => {
  const pools = ['10.89.0.0/16', '10.90.0.0/15', '10.92.0.0/14', '10.96.0.0/11', '10.128.0.0/9'].map(range);
  const error = t.throws(() => freeIpv4Subnet(pools));
  t.true(isTspodError(error, 'NO_FREE_ADDRESS'));
  t.is(freeIpv4Subnet([], 256), '10.90.0.0/24');
  t.is(freeIpv4Subnet(pools.slice(1), 300), '10.89.0.0/24');
  t.is(freeIpv4Subnet([range('10.128.0.0/9'), range('10.89.0.0/17')], 42_000), '10.89.128.0/24');
  t.false(overlaps(range(freeIpv6Subnet([])), range('fc00::/8')));
});

const GOOD = {
  name: 'x',
  id: 'a'.repeat(64),
  driver: 'bridge',
  network_interface: 'podman1',
  created: '2026-11-26T00:28:52.213806313Z',
  subnets: [{ subnet: '10.89.1.0/24', gateway: '10.89.1.1' }],
  ipv6_enabled: false,
  internal: false,
  dns_enabled: true,
  ipam_options: { driver: 'host-local' },
};

test("file: what Podman writes is read, with fields that it leaves out or that are nobody's", (t) => {
  t.like(parseNetworkFile('f', JSON.stringify({ ...GOOD, labels: null, options: undefined, future: [1] })), GOOD);
  t.like(parseNetworkFile('f', JSON.stringify({ ...GOOD, subnets: [{ subnet: '10.89.1.0/24', lease_range: null }] })), {
    subnets: [{ subnet: '10.89.1.0/24' }],
  });
});

const broken = test.macro({
  exec(t, change: Record<string, unknown> | string, words: RegExp) {
    const text = typeof change === 'string' ? change : JSON.stringify({ ...GOOD, ...change });
    const error = t.throws(() => parseNetworkFile('/etc/x.json', text));
    t.true(isTspodError(error, 'NETWORK_BROKEN'), String(error));
    t.regex(error.message, /^network config \/etc\/x\.json: /);
    t.regex(error.message, words);
  },
  title: (_title: string | undefined, change: unknown, words: RegExp) =>
    `file: is refused with ${JSON.stringify(change).slice(0, 80)}: ${words.source}`,
});

test(broken, '{', /JSON/);
test(broken, '[]', /must be an object/);
test(broken, { name: '../x' }, /name/);
test(broken, { id: 'x' }, /id/);
test(broken, { driver: 'evil' }, /driver/);
test(broken, { network_interface: 'a/b' }, /network_interface/);
test(broken, { network_interface: 'x'.repeat(16) }, /network_interface/);
test(broken, { network_interface: undefined }, /a bridge has no network_interface/);
test(broken, { created: 'yesterday' }, /created/);
test(broken, { internal: 'yes' }, /internal/);
test(broken, { subnets: [{ subnet: '10.0.0.0/33' }] }, /subnet/);
test(broken, { subnets: [{ subnet: '10.0.0.0/8', gateway: '11.0.0.1' }] }, /gateway 11.0.0.1 not in subnet/);
test(broken, { subnets: [{ subnet: '10.0.0.0/8' }, { subnet: '10.1.0.0/16' }] }, /overlap/);
test(broken, { subnets: Array(300).fill({ subnet: '10.0.0.0/8' }) }, /subnets must be a list of at most/);
test(broken, { routes: [{ destination: '10.0.0.0/8', gateway: 'x' }] }, /not an IP address/);
test(broken, { labels: { a: 1 } }, /labels/);
