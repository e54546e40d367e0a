/** What /etc/hosts and /etc/resolv.conf of a container say. */
import test from 'ava';

import { hostsText, joinersLine, withOwnHosts, type HostsRequest } from '../../../src/storage/hosts-file.js';
import { resolvText, withoutResolvers, withResolvers, type ResolvRequest } from '../../../src/storage/resolv-file.js';

const hosts = test.macro({
  exec: (t, request: Partial<HostsRequest>, expected: string) => {
    t.is(hostsText({ base: '', added: [], hostReachable: false, names: [], ...request }), expected);
  },
  title: (title = '') => `hosts: ${title}`,
});

const LOCALHOST = '127.0.0.1\tlocalhost\n::1\tlocalhost\n';

test('localhost is there without a base', hosts, {}, LOCALHOST);
test('a base keeps its lines, and gets an end of line', hosts, { base: '1.2.3.4 localhost' }, '1.2.3.4 localhost\n');
test('names in comments do not count', hosts, { base: '# localhost\n' }, `# localhost\n${LOCALHOST}`);
test(
  'what was asked for comes first, the own names last',
  hosts,
  {
    base: '127.0.0.1 localhost\n',
    added: [{ address: 'fd00::1', names: ['a', 'b'] }],
    names: ['id', 'name', 'id'],
  },
  'fd00::1\ta b\n127.0.0.1 localhost\n127.0.0.1\tid name\n',
);
test(
  'a name that is there is not added again',
  hosts,
  { base: '127.0.0.1 localhost vm # x\n', names: ['vm', 'web'] },
  '127.0.0.1 localhost vm # x\n127.0.0.1\tweb\n',
);

test('hosts: a container that joins adds its names once', (t) => {
  t.is(joinersLine('127.0.0.1\tone\n', ['one', 'two']), '127.0.0.1\ttwo\n');
  t.is(joinersLine('127.0.0.1\tone two\n', ['one', 'two']), '');
});

const NOTHING = { servers: [], search: [], options: [] };
const HOST =
  '# by hand\nsearch a.example b.example\nnameserver 127.0.0.1\nnameserver 192.0.2.1\noptions ndots:2 rotate\n';

const resolv = test.macro({
  exec: (t, request: Partial<ResolvRequest>, files: Readonly<Record<string, string>>, expected: string) => {
    const read = (path: string): string => files[path] ?? '';
    t.is(resolvText({ dns: NOTHING, ownNetwork: false, read, ...request }), expected);
  },
  title: (title = '') => `resolv.conf: ${title}`,
});

test("the host's is as it is with its network", resolv, {}, { '/etc/resolv.conf': HOST }, HOST);
test(
  'servers on the loopback are dropped in another network',
  resolv,
  { ownNetwork: true },
  { '/etc/resolv.conf': HOST },
  'search a.example b.example\nnameserver 192.0.2.1\noptions ndots:2 rotate\n',
);
test(
  'what is asked for takes the place of its kind alone',
  resolv,
  { dns: { servers: ['1.1.1.1', '::1'], search: [], options: ['timeout:1'] }, ownNetwork: true },
  { '/etc/resolv.conf': HOST },
  'search a.example b.example\nnameserver 1.1.1.1\nnameserver ::1\noptions timeout:1\n',
);
test(
  'a dot is no domain to search',
  resolv,
  { dns: { ...NOTHING, search: ['.'] } },
  { '/etc/resolv.conf': 'domain x.example\nnameserver 9.9.9.9\n' },
  'nameserver 9.9.9.9\n',
);
test(
  "the stub of systemd-resolved gives way to its servers in another network, not in the host's",
  resolv,
  { ownNetwork: true },
  {
    '/etc/resolv.conf': 'nameserver 127.0.0.53\noptions edns0\nsearch lan\n',
    '/run/systemd/resolve/resolv.conf': 'nameserver 192.0.2.53\nsearch lan\n',
  },
  'search lan\nnameserver 192.0.2.53\n',
);
test(
  'the stub stays where the host is reached',
  resolv,
  { dns: { ...NOTHING, options: ['ndots:1'] } },
  {
    '/etc/resolv.conf': 'nameserver 127.0.0.53\n',
    '/run/systemd/resolve/resolv.conf': 'nameserver 192.0.2.53\n',
  },
  'nameserver 127.0.0.53\noptions ndots:1\n',
);
test(
  'a machine that asks nobody else gives public servers',
  resolv,
  { ownNetwork: true },
  { '/etc/resolv.conf': 'nameserver ::1\n' },
  'nameserver 8.8.8.8\nnameserver 8.8.4.4\nnameserver 2001:4860:4860::8888\nnameserver 2001:4860:4860::8844\n',
);
test(
  'a container without IPv6 gets no IPv6 servers',
  resolv,
  { ownNetwork: true, ipv6: false },
  { '/etc/resolv.conf': 'nameserver 2001:db8::53\nnameserver 192.0.2.1\n' },
  'nameserver 192.0.2.1\n',
);
test(
  'if all servers have IPv6 addresses, a container without IPv6 gets public ones',
  resolv,
  { ownNetwork: true, ipv6: false },
  { '/etc/resolv.conf': 'nameserver 2001:db8::53\n' },
  'nameserver 8.8.8.8\nnameserver 8.8.4.4\n',
);
test(
  'IPv6 servers stay for a container with IPv6, but for those on an interface of the host',
  resolv,
  { ownNetwork: true, ipv6: true },
  { '/etc/resolv.conf': 'nameserver fe80::1%ext0\nnameserver 2001:db8::53\n' },
  'nameserver 2001:db8::53\n',
);
test(
  'IPv6 servers that are asked for stay',
  resolv,
  { dns: { ...NOTHING, servers: ['2001:db8::53'] }, ownNetwork: true, ipv6: false },
  { '/etc/resolv.conf': HOST },
  'search a.example b.example\nnameserver 2001:db8::53\noptions ndots:2 rotate\n',
);
test(
  'the stub of NetworkManager gives way to its servers in another network',
  resolv,
  { ownNetwork: true },
  {
    '/etc/resolv.conf': 'nameserver 127.0.0.1\n',
    '/run/NetworkManager/no-stub-resolv.conf': 'search lan\nnameserver 192.0.2.53\n',
  },
  'search lan\nnameserver 192.0.2.53\n',
);
const NETNS_FILES = {
  '/etc/resolv.conf': 'nameserver 192.0.2.1\n',
  '/etc/netns/vpn/resolv.conf': 'nameserver 2001:db8::53\n',
  '/etc/netns/net/resolv.conf': 'nameserver 192.0.2.9\n',
};
test(
  'a namespace of ip-netns(8) has its own file',
  resolv,
  { ownNetwork: true, namespacePath: '/run/netns/vpn' },
  NETNS_FILES,
  'nameserver 2001:db8::53\n',
);
test(
  "a namespace without such a file has the host's",
  resolv,
  { ownNetwork: true, namespacePath: '/run/netns/other' },
  NETNS_FILES,
  'nameserver 192.0.2.1\n',
);
test(
  'a namespace that is named by its process has no other name',
  resolv,
  { ownNetwork: true, namespacePath: '/proc/7/ns/net' },
  NETNS_FILES,
  'nameserver 192.0.2.1\n',
);

const RESOLVERS = ['10.89.0.1', 'fd00::1'];
test(
  'servers of networks take the place of all others, which they ask; their domain goes before the host’s',
  resolv,
  { dns: { ...NOTHING, servers: ['1.1.1.1'] }, ownNetwork: true, resolvers: RESOLVERS },
  { '/etc/resolv.conf': HOST },
  'search dns.podman a.example b.example\nnameserver 10.89.0.1\nnameserver fd00::1\noptions ndots:2 rotate\n',
);
test(
  'domains that are asked for take the place of that of networks, too',
  resolv,
  { dns: { ...NOTHING, search: ['x.example'] }, ownNetwork: true, resolvers: RESOLVERS },
  { '/etc/resolv.conf': HOST },
  'search x.example\nnameserver 10.89.0.1\nnameserver fd00::1\noptions ndots:2 rotate\n',
);

test('resolv.conf: servers of a network come and go while a container runs', (t) => {
  const before = 'search a\n nameserver 1.1.1.1\noptions x\n';
  const after = 'search a\nnameserver 10.89.0.1\nnameserver fd00::1\n nameserver 1.1.1.1\noptions x\n';
  t.is(withResolvers(before, RESOLVERS), after);
  t.is(withResolvers(after, RESOLVERS), after);
  t.is(withoutResolvers(after, RESOLVERS, t.fail), before);
  t.is(withoutResolvers(before, RESOLVERS, t.fail), before);
  const alone = 'search a\nnameserver 10.89.0.1\n';
  t.is(
    withoutResolvers(alone, RESOLVERS, () => 'nameserver 1.1.1.1\n'),
    'search a\nnameserver 1.1.1.1\n',
  );
  t.is(withResolvers('# by hand', ['10.89.0.1']), '# by hand\nnameserver 10.89.0.1\n');
});

test('resolv.conf: servers of an internal network are asked last', (t) => {
  const behind = (text: string): string => withResolvers(text, RESOLVERS, { behind: true });
  t.is(
    behind('search a\nnameserver 1.1.1.1\nnameserver 1.0.0.1\noptions x\n'),
    'search a\nnameserver 1.1.1.1\nnameserver 1.0.0.1\nnameserver 10.89.0.1\nnameserver fd00::1\noptions x\n',
  );
  t.is(behind('nameserver 1.1.1.1'), 'nameserver 1.1.1.1\nnameserver 10.89.0.1\nnameserver fd00::1\n');
  t.is(behind('search a'), 'search a\nnameserver 10.89.0.1\nnameserver fd00::1\n');
  t.is(behind(''), 'nameserver 10.89.0.1\nnameserver fd00::1\n');
});

test('hosts: on other networks the own lines change in their place, and those of others and of users stay', (t) => {
  const web = { names: ['host1', 'a'], addresses: ['10.1.0.2'], gateways: ['10.1.0.1'] };
  const both = {
    names: ['host1', 'a', 'more'],
    addresses: ['10.1.0.2', '10.2.0.2'],
    gateways: ['10.1.0.1', '10.2.0.1'],
  };
  const none = { names: ['host1', 'a'], addresses: [], gateways: [] };
  const base = `10.1.0.2\tusers\n${LOCALHOST}`;
  const host = '\thost.containers.internal host.docker.internal\n';
  const end = '127.0.0.1\tjoiner\n# containers on the same networks\n10.1.0.3\tb\n';
  const before = `${base}10.1.0.1${host}10.1.0.2\thost1 a\n${end}`;
  const added = withOwnHosts(before, { now: both, ever: both });
  t.is(added, `${base}10.1.0.1${host}10.1.0.2\thost1 a more\n10.2.0.2\thost1 a more\n${end}`);
  t.is(withOwnHosts(added, { now: both, ever: both }), added);
  t.is(withOwnHosts(added, { now: web, ever: both }), before);
  const left = withOwnHosts(added, { now: none, ever: both });
  t.is(left, `${base}127.0.0.1\thost1 a\n${end}`);
  t.is(withOwnHosts(left, { now: web, ever: both }), before);
  // Somebody has emptied it, or written no end of line.
  t.is(withOwnHosts('', { now: none, ever: none }), `${LOCALHOST}127.0.0.1\thost1 a\n`);
  t.is(withOwnHosts('1.2.3.4 localhost', { now: none, ever: none }), '1.2.3.4 localhost\n127.0.0.1\thost1 a\n');
});
