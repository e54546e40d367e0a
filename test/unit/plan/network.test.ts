/** The steps that connect a container and undo that, in words. */
import test from 'ava';
import { decodePlan, encodePlan } from '../../../src/plan/encode.js';
import { namesPlan } from '../../../src/plan/network/live.js';
import { bridgeMac } from '../../../src/plan/network/mac.js';
import { hostLinkName } from '../../../src/plan/network/names.js';
import { heldPorts, portElements } from '../../../src/plan/network/ports.js';
import type { AttachedNetwork, ContainerNetwork, PublishedPort } from '../../../src/spec/network/container-network.js';
import { ID, planOf, stepsOf, wordsOf } from '../../helpers/plans.js';

const BRIDGE: AttachedNetwork = {
  name: 'tspod',
  driver: 'bridge',
  hostInterface: 'tspod0',
  mode: '',
  mtu: 0,
  isolation: 'none',
  internal: false,
  subnets: [{ subnet: '10.87.0.0/16', gateway: '10.87.0.1' }],
  interfaceName: 'eth0',
  macAddress: '02:00:00:00:00:02',
  addresses: [{ address: '10.87.0.2', prefix: 16, gateway: '10.87.0.1' }],
  routes: [],
  metric: 100,
  noDefaultRoute: false,
  aliases: [],
};

const WEB: PublishedPort = { hostIp: '', hostPort: 8080, containerPort: 80, protocol: 'tcp', range: 1 };

function planWith(network: Partial<ContainerNetwork>, options = {}) {
  const all = { networks: [BRIDGE], ports: [], ...network };
  return planOf({ network: 'private', ...options }, { context: { network: { network: all, directory: '/run/n' } } });
}

const FILE = `/run/n/container-${ID}`;

test('flows of UDP are forgotten when its ports come, and when they go', (t) => {
  const udp: PublishedPort = { ...WEB, protocol: 'udp', hostPort: 5000, range: 2 };
  const plan = planWith({ ports: [WEB, udp, { ...udp, hostIp: '127.0.0.1', range: 1 }] });
  for (const stage of ['network', 'teardown'] as const) {
    const words = wordsOf(plan, stage);
    const forgets = words.indexOf('? forget UDP flows to ports 5000, 5001');
    t.true(forgets > words.findLastIndex((line) => line.includes('ports_ip')), words.join('\n'));
  }
  t.notRegex(wordsOf(planWith({ ports: [WEB] }), 'network').join('\n'), /UDP/);
});

test('a container on a bridge: what is done before it is made, and while it begins', (t) => {
  const plan = planWith({ ports: [WEB] });
  t.deepEqual(wordsOf(plan, 'prepare').slice(-5, -1), [
    `hold ${FILE}`,
    'keep port 8080/tcp of 0.0.0.0',
    '? keep port 8080/tcp of ::1, and hand connections to ::1 on to port 80 of 10.87.0.2',
    'new network namespace that stays',
  ]);
  // It is made in the namespace that is there.
  t.regex(wordsOf(plan, 'prepare').at(-1) ?? '', /^clone with new mount,uts,ipc,pid namespaces/);
  const words = wordsOf(plan, 'network');
  const rules = words.findIndex((line) => line.startsWith('change nf_tables, add table inet tspod'));
  t.true(rules > 0);
  t.deepEqual(
    words.filter((line) => !line.startsWith('change nf_tables')),
    [
      '? set sysctl net/ipv4/conf/default/arp_notify to "1" in the container\'s network',
      'wait for the lock /run/n/lock',
      'talk to rtnetlink on the host',
      'talk to nf_tables on the host',
      'set sysctl net/ipv4/ip_forward to "1" on the host',
      'use tspod0 as a bridge, unless it is there',
      'make bridge tspod0, unless it is there',
      '? set sysctl net/ipv4/conf/tspod0/route_localnet to "1" on the host',
      '? set sysctl net/ipv4/conf/tspod0/rp_filter to "2" on the host',
      '? set sysctl net/ipv6/conf/tspod0/accept_ra to "0" on the host',
      'set tspod0 up, add address 10.87.0.1/16 to tspod0',
      'remove link tsabcdef012340',
      'make veth pair tsabcdef012340 and eth0, port of tspod0',
      'let the port tsabcdef012340 send back',
      'let go of the lock /run/n/lock',
      'let go of netlink',
      '? set sysctl net/ipv6/conf/eth0/disable_ipv6 to "1" in the container\'s network',
      "talk to rtnetlink in the container's network",
      'set lo up, add address 10.87.0.2/16 to eth0, set eth0 up',
      'add route to default by 10.87.0.1 on eth0',
      'let go of netlink',
    ],
  );
  const init = wordsOf(plan, 'init');
  t.true(init.includes("join network namespace of the container's network"));
  t.true(init.includes('wait for afterClone'));
  t.false(init.includes('set link lo up'));
});

test('the end: ports at once, links when nobody waits', (t) => {
  const plan = planWith({ ports: [WEB] });
  t.deepEqual(wordsOf(plan, 'teardown').slice(-3), [
    'talk to nf_tables on the host',
    'change nf_tables, remove 1 element of ports_ip, if it is ours',
    'change nf_tables, remove 1 element of ports_ip6, if it is ours',
  ]);
  t.deepEqual(
    wordsOf(plan, 'sweep').map((line) => line.replace(/(change nf_tables, remove).*(, unless)/, '$1 ...$2')),
    [
      'talk to rtnetlink on the host',
      'remove link tsabcdef012340',
      'wait for the lock /run/n/lock',
      'talk to nf_tables on the host',
      'remove link tspod0, if nothing is on it',
      'change nf_tables, remove ..., unless it is there',
      'let go of the lock /run/n/lock',
      `remove ${FILE} if all is undone`,
    ],
  );
});

test('the end: ports are taken away wherever networks that came later have led them', (t) => {
  const removed = (networks: readonly AttachedNetwork[], ports: readonly PublishedPort[]) =>
    wordsOf(planWith({ networks, ports }), 'teardown').flatMap((line) => /element of (\S+), if/.exec(line)?.[1] ?? []);
  t.deepEqual(removed([{ ...BRIDGE, internal: true }], [WEB]), ['ports_ip', 'ports_ip6']);
  t.deepEqual(removed([BRIDGE], [{ ...WEB, hostIp: '0.0.0.0' }]), ['ports_ip']);
  t.deepEqual(removed([BRIDGE], [{ ...WEB, hostIp: '::1' }]), ['bound_ip6']);
});

test('a network namespace that belongs to a user namespace is made with it', (t) => {
  const maps = [{ containerId: 0, hostId: 100000, size: 65536 }];
  const plan = planWith({}, { userns: 'private', uidMaps: maps, gidMaps: maps });
  t.false(wordsOf(plan, 'prepare').includes('new network namespace that stays'));
  t.is(wordsOf(plan, 'network')[0], "open the child's net namespace");
  t.regex(wordsOf(plan, 'prepare').at(-1) ?? '', /network/);
});

test('two networks, one of them internal and with IPv6', (t) => {
  const inner: AttachedNetwork = {
    ...BRIDGE,
    name: 'inner',
    hostInterface: 'tspod1',
    internal: true,
    interfaceName: 'eth1',
    subnets: [{ subnet: 'fd01::/64', gateway: 'fd01::1' }],
    addresses: [{ address: 'fd01::2', prefix: 64, gateway: 'fd01::1' }],
    routes: [{ destination: 'fd02::/64', gateway: 'fd01::9', metric: 5 }],
  };
  const words = wordsOf(planWith({ networks: [BRIDGE, inner] }), 'network');
  t.true(words.includes('make veth pair tsabcdef012341 and eth1, port of tspod1'));
  const ofBridge = words.slice(words.indexOf('make bridge tspod1, unless it is there'));
  t.deepEqual(ofBridge.slice(0, 4), [
    'make bridge tspod1, unless it is there',
    '? set sysctl net/ipv6/conf/tspod1/accept_ra to "0" on the host',
    '? set sysctl net/ipv6/conf/tspod1/accept_dad to "0" on the host',
    'set tspod1 up, add address fd01::1/64 to tspod1',
  ]);
  t.false(words.some((line) => line.includes('net/ipv6/conf/all/forwarding')));
  t.deepEqual(words.slice(-3, -1), [
    'set lo up, add address 10.87.0.2/16 to eth0, set eth0 up, add address fd01::2/64 to eth1, set eth1 up',
    'add route to default by 10.87.0.1 on eth0, add route to fd02::/64 by fd01::9 on eth1',
  ]);
});

test('default routes have the metrics of their networks', (t) => {
  const second = { ...BRIDGE, hostInterface: 'tspod1', interfaceName: 'eth1' };
  const plan = planWith({ networks: [BRIDGE, { ...second, metric: 7 }] });
  const inside = stepsOf(plan, 'netlink').find(({ words }) => words[0]?.startsWith('add route'));
  const messages = Buffer.from(inside?.messages ?? []);
  const metrics = [];
  for (let start = 0; start < messages.length; start += messages.readUInt32LE(start)) {
    if (messages.readUInt16LE(start + 4) !== 24) continue;
    const end = start + messages.readUInt32LE(start);
    metrics.push(messages.readUInt32LE(end - 4));
  }
  t.deepEqual(metrics, [100, 7]);
});

test('macvlan and ipvlan need no bridge, no rules, and end with their namespace', (t) => {
  const on = (driver: 'macvlan' | 'ipvlan', mode: string) =>
    planWith({ networks: [{ ...BRIDGE, driver, hostInterface: 'lan', mode, subnets: [] }] });
  const macvlan = on('macvlan', 'bridge');
  t.true(wordsOf(macvlan, 'network').includes('make macvlan eth0 on lan'));
  t.true(wordsOf(on('ipvlan', 'l2'), 'network').includes('make ipvlan eth0 on lan'));
  t.false(wordsOf(macvlan, 'network').some((line) => line.includes('nf_tables')));
  t.deepEqual(wordsOf(macvlan, 'sweep'), [`remove ${FILE} if all is undone`]);
});

test('a plan with networks is the same after the way over the wire', (t) => {
  const plan = planWith({ ports: [{ ...WEB, range: 600 }] });
  t.deepEqual(wordsOf(decodePlan(encodePlan(plan))), wordsOf(plan));
  t.is(stepsOf(plan, 'holdPort').length, 1200);
});

for (const [what, port, addresses, expected] of [
  ['all addresses', WEB, ['10.87.0.2', 'fd01::2'], ['0.0.0.0', '::']],
  ['all addresses, the container has no IPv6', WEB, ['10.87.0.2'], ['0.0.0.0', '::1']],
  ['the same with udp', { ...WEB, protocol: 'udp' }, ['10.87.0.2'], ['0.0.0.0']],
  ['one address', { ...WEB, hostIp: '127.0.0.1' }, ['10.87.0.2', 'fd01::2'], ['127.0.0.1']],
  ['sctp needs no socket', { ...WEB, protocol: 'sctp' }, ['10.87.0.2'], []],
] as const) {
  test(`the host's addresses that a port is held on: ${what}`, (t) => {
    const networks = [{ ...BRIDGE, addresses: addresses.map((address) => ({ address, prefix: 16 })) }];
    t.deepEqual(
      heldPorts({ networks, ports: [port] }).map(({ address }) => address),
      [...expected],
    );
  });
}

test('elements: by protocol and port, and by address where one is named; of a range, each port', (t) => {
  const networks = [{ ...BRIDGE, internal: true }, BRIDGE];
  const range: PublishedPort = { hostIp: '127.0.0.1', hostPort: 65534, containerPort: 1, protocol: 'udp', range: 2 };
  const elements = portElements(ID, { networks, ports: [WEB, { ...WEB, hostIp: '0.0.0.0', hostPort: 1 }, range] });
  const hex = (bytes: Uint8Array = new Uint8Array(0)) => Buffer.from(bytes).toString('hex');
  t.deepEqual(
    elements.map(({ map, element }) => [map, hex(element.key), hex(element.data)]),
    [
      ['ports_ip', '060000001f900000', '0a57000200500000'],
      ['ports_ip', '0600000000010000', '0a57000200500000'],
      ['bound_ip', '110000007f000001fffe0000', '0a57000200010000'],
      ['bound_ip', '110000007f000001ffff0000', '0a57000200020000'],
    ],
  );
  t.is(elements[0]?.element.comment, `container ${ID}`);
  t.deepEqual(portElements(ID, { networks: [{ ...BRIDGE, internal: true }], ports: [WEB] }), []);
});

test('names on the host fit, and differ by interface', (t) => {
  t.is(hostLinkName(ID, 0), 'tsabcdef012340');
  t.is(hostLinkName(ID, 63).length, 15);
  t.not(hostLinkName(ID, 1), hostLinkName(ID, 2));
});

test('the address of a bridge is its own, and always the same', (t) => {
  t.is(bridgeMac('tspod0'), bridgeMac('tspod0'));
  t.not(bridgeMac('tspod0'), bridgeMac('tspod1'));
  t.regex(bridgeMac('tspod0'), /^02(:[0-9a-f]{2}){5}$/);
});

test('names: the container is forgotten before its file goes, where a program tells them', (t) => {
  const network = { network: { networks: [BRIDGE], ports: [] }, directory: '/run/n' };
  const sweep = (hasNameServer: boolean): readonly string[] =>
    wordsOf(planOf({ network: 'private' }, { context: { network: { ...network, hasNameServer } } }), 'sweep');
  t.deepEqual(sweep(true).slice(-2), [
    `? remove ${ID} from the names in /run/n/dns`,
    `remove ${FILE} if all is undone`,
  ]);
  t.deepEqual(
    sweep(true).filter((words) => !words.startsWith('? remove ')),
    sweep(false),
  );
});

test('names: bridges are there before it is tried whether a name server can listen on them', (t) => {
  const web = { ...BRIDGE, nameServers: ['10.87.0.1'] };
  const plan = namesPlan({ id: ID, directory: '/run/n', network: { networks: [web], ports: [] } });
  const words = wordsOf(plan, 'prepare');
  t.regex(words.at(-1) ?? '', /port 53\/udp of 10\.87\.0\.1$/);
  t.true(words.findIndex((each) => /add address 10\.87\.0\.1/.test(each)) > 0);
});
