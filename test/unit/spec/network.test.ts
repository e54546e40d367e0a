import test from 'ava';

import { isTspodError } from '../../../src/errors.js';
import { parseEgressRule } from '../../../src/spec/network/egress.js';
import { normalizeNetworking, networkMode } from '../../../src/spec/network/network-config.js';
import { mergeExposed, mergePorts, parseExposed, parsePublished } from '../../../src/spec/network/ports.js';

type Options = Parameters<typeof normalizeNetworking>[0];

const published = test.macro({
  exec(t, text: string, expected: string) {
    const found = parsePublished(text).map(
      ({ hostIp, hostPort, containerPort, protocol, range }) =>
        `${hostIp}|${hostPort}|${containerPort}|${protocol}|${range}`,
    );
    t.is(found.join(' '), expected);
  },
  title: (_title: string | undefined, text: string) => `publish: ${text}`,
});

test(published, '80', '|0|80|tcp|1');
test(published, '8080:80', '|8080|80|tcp|1');
test(published, ':80', '|0|80|tcp|1');
test(published, '127.0.0.1:8080:80/udp', '127.0.0.1|8080|80|udp|1');
test(published, '127.0.0.1::80-82', '127.0.0.1|0|80|tcp|3');
test(published, '[::1]:8080:80/SCTP', '::1|8080|80|sctp|1');
test(published, '9000-9003:80-83', '|9000|80|tcp|4');
test(published, '53:53/udp,tcp', '|53|53|udp|1 |53|53|tcp|1');
test(published, '1-65535:1-65535', '|1|1|tcp|65535');

const refusedPort = test.macro({
  exec(t, text: string, words: RegExp) {
    const error = t.throws(() => parsePublished(text));
    t.true(isTspodError(error, 'INVALID_ARGUMENT'));
    t.regex(error.message, words);
  },
  title: (_title: string | undefined, text: string) => `publish: refuses ${text}`,
});

test(refusedPort, '0', /^parsing container port: port numbers must be between 1 and 65535 \(inclusive\), got 0$/);
test(
  refusedPort,
  '70000',
  /^parsing container port: port numbers must be between 1 and 65535 \(inclusive\), got 70000$/,
);
test(refusedPort, '70000:80', /^parsing host port: port numbers must be/);
test(refusedPort, '99999999999999999999:80', /invalid port number/);
test(refusedPort, 'abc', /^parsing container port: invalid port number: strconv.Atoi: parsing "abc": invalid syntax$/);
test(refusedPort, '80:80/foo', /^unrecognized protocol "foo" in port mapping$/);
test(refusedPort, '80:80/tcp/udp', /protocol can only be specified once/);
test(refusedPort, '1.2.3:80:80', /^cannot parse "1.2.3" as an IP address$/);
test(refusedPort, 'localhost:80:80', /^cannot parse "localhost" as an IP address$/);
test(refusedPort, '::1:80:80', /^invalid port format - format is/);
test(refusedPort, '80:80:80:80', /^invalid port format - format is/);
test(refusedPort, '[::1]:80', /^invalid port format - format is/);
test(refusedPort, '80:', /^must provide a non-empty container port to publish$/);
test(refusedPort, '80-82:80-81', /^host and container port ranges have different lengths: 3 vs 2$/);
test(refusedPort, '8080:80-82', /^host and container port ranges have different lengths: 1 vs 3$/);
test(
  refusedPort,
  '82-80:82-80',
  /the end port of a range must be higher than the start port - 80 is not higher than 82$/,
);
test(refusedPort, '80-81-82', /port ranges are formatted as/);

test('publish: what is there twice is one, what contradicts is refused', (t) => {
  const merged = (...texts: string[]): number => mergePorts(texts.flatMap((text) => parsePublished(text))).length;
  t.is(merged('80:80', '80:80'), 1);
  t.is(merged('80-90:80-90', '85:85'), 1);
  t.is(merged('80:80', '80:80/udp'), 2);
  t.is(merged('80', '81'), 2);
  t.is(merged('127.0.0.1:80:80', '127.0.0.2:80:81'), 2);
  t.is(merged('127.0.0.1:80:80', '80:80'), 1);
  t.throws(() => merged('80:80', '80:81'), { message: 'conflicting port mappings for host port 80 (protocol tcp)' });
  t.throws(() => merged('80:80', '127.0.0.1:80:81'), { message: /conflicting/ });
});

test('publish: what overlaps and agrees is one range, in whatever order it is given', (t) => {
  const merged = (...texts: string[]) =>
    mergePorts(texts.flatMap((text) => parsePublished(text))).map(
      ({ hostIp, hostPort, containerPort, range }) => `${hostIp}:${hostPort}:${containerPort}+${range}`,
    );
  t.deepEqual(merged('8080:80', '8080-8081:80-81'), [':8080:80+2']);
  t.deepEqual(merged('8080-8085:80-85', '8083-8090:83-90'), [':8080:80+11']);
  t.deepEqual(merged('90-95:190-195', '9:9', '80-85:180-185', '84-91:184-191'), [':80:180+16', ':9:9+1']);
  t.deepEqual(merged('127.0.0.1:80-81:80-81', '80:80', '80-82:80-82'), [':80:80+3']);
  t.deepEqual(merged('80-81:80-81', '127.0.0.1:82:82'), [':80:80+2', '127.0.0.1:82:82+1']);
  t.deepEqual(merged('80', '80', '8080:80'), [':0:80+1', ':0:80+1', ':8080:80+1']);
  for (const texts of [
    ['8080-8085:80-85', '8083-8090:84-91'],
    ['80-85:80-85', '84-90:84-90', '90:91'],
    ['80-81:80-81', '127.0.0.1:81-82:81-82'],
  ])
    for (const order of [texts, texts.toReversed()])
      t.throws(() => merged(...order), { message: /^conflicting port mappings for host port/ });
});

test('expose: ports and ranges', (t) => {
  t.deepEqual(parseExposed('8000-8010/udp'), [{ port: 8000, protocol: 'udp', range: 11 }]);
  for (const text of ['0', '70000', '80-70/tcp', '80/foo', 'x', '']) t.throws(() => parseExposed(text));
});

test('expose: ranges that overlap are one, neighbours are not', (t) => {
  const merged = (...texts: string[]): string =>
    mergeExposed(texts.flatMap((text) => parseExposed(text)))
      .map(({ port, protocol, range }) => `${port}/${protocol}+${range}`)
      .join(' ');
  t.is(merged('81', '80', '80', '80/udp'), '80/tcp+1 81/tcp+1 80/udp+1');
  t.is(merged('10-20', '15-30', '12', '31'), '10/tcp+21 31/tcp+1');
  t.is(merged('1-65534', '2-65535'), '1/tcp+65535');
  t.is(merged(), '');
});

test('egress: names, addresses and networks, with and without a port', (t) => {
  const parsed = (text: string): string => {
    const { destination, host, port } = parseEgressRule(text);
    return `${destination}|${host}|${port}`;
  };
  t.is(parsed('Example.com'), '|example.com|0');
  t.is(parsed('example.com:443'), '|example.com|443');
  t.is(parsed('192.0.2.1'), '192.0.2.1/32||0');
  t.is(parsed('192.0.2.7/24:53'), '192.0.2.0/24||53');
  t.is(parsed('2001:db8::/32'), '2001:db8::/32||0');
  t.is(parsed('[2001:db8::1]:443'), '2001:db8::1/128||443');
  t.is(parsed('0.0.0.0/0'), '0.0.0.0/0||0');
  for (const text of [
    '',
    ':80',
    'a b',
    'a:0',
    'a:70000',
    'a:b',
    '1.2.3',
    '1.2.3.4/33',
    '[x]:1',
    'a/b',
    '../x',
    'x;y',
    '$(x)',
  ])
    t.throws(() => parseEgressRule(text), { message: /egress/ }, text);
});

test('network: names, modes, and settings of the only one', (t) => {
  t.is(networkMode({}), 'private');
  t.is(networkMode({ network: 'none' }), 'none');
  t.is(networkMode({ network: 'web' }), 'bridge');
  t.is(networkMode({ networks: [{ name: 'web' }] }), 'bridge');
  const { networks } = normalizeNetworking({ network: 'web,db', networkAliases: ['x'] });
  t.deepEqual(networks, [
    { name: 'web', ips: [], aliases: ['x'] },
    { name: 'db', ips: [], aliases: ['x'] },
  ]);
  const one = normalizeNetworking({
    network: 'bridge',
    ip: '10.88.0.5',
    ip6: 'fd00::5',
    macAddress: '44-33-22-11-00-AA',
    publish: ['80', ''],
  });
  t.deepEqual(one.networks, [
    { name: '', ips: ['10.88.0.5', 'fd00::5'], macAddress: '44:33:22:11:00:aa', aliases: [] },
  ]);
  t.is(one.ports.length, 1);
  t.is(normalizeNetworking({ networks: [{ name: 'a' }, { name: 'a', ip: '1.2.3.4' }] }).networks.length, 1);
});

test('network: addresses of a network and of the options beside it are had together', (t) => {
  const ips = (options: Options) => normalizeNetworking(options).networks[0]?.ips;
  t.deepEqual(ips({ networks: [{ name: 'web', ip: '10.1.0.5' }], ip6: 'fd00::5' }), ['10.1.0.5', 'fd00::5']);
  t.deepEqual(ips({ networks: [{ name: 'web', ip6: 'fd00::5' }], ip: '10.1.0.5' }), ['fd00::5', '10.1.0.5']);
  t.deepEqual(ips({ networks: [{ name: 'web', ip: '10.1.0.5' }], ip: '10.1.0.5' }), ['10.1.0.5']);
});

const refused = test.macro({
  exec(t, options: Options, words: RegExp) {
    const error = t.throws(() => normalizeNetworking(options));
    t.true(isTspodError(error, 'INVALID_ARGUMENT'), String(error));
    t.regex(error.message, words);
  },
  title: (_title: string | undefined, options: Options, words: RegExp) =>
    `network: refuses ${JSON.stringify(options)}: ${words.source}`,
});

for (const network of ['a/b', '../x', 'a;b', 'a b', '$(x)', '-x', 'ä'])
  test(refused, { network }, /unable to find network with name or ID/);
test(refused, { network: 'a,' }, /empty name/);
test(
  refused,
  { networks: [{ name: 'a', ip: '10.1.0.5' }], ip: '10.1.0.6' },
  /^10\.1\.0\.5, 10\.1\.0\.6: a network takes at most one address of each family/,
);
test(refused, { networks: [{ name: 'a', ip: 'fd00::5', ip6: 'fd00::6' }] }, /at most one address of each family/);
test(refused, { network: 'host', ip: '1.2.3.4' }, /ip can only be set when the network mode is bridge/);
test(
  refused,
  { network: 'none', networkAliases: ['x'] },
  /networkAliases can only be set when the network mode is bridge/,
);
test(
  refused,
  { network: 'host', publish: ['80'] },
  /ports can only be published when the network mode is bridge, not host/,
);
test(refused, { network: 'none', egress: { allow: ['a'] } }, /egress can only be set/);
test(
  refused,
  { network: 'host', networks: [{ name: 'a' }] },
  /cannot set multiple networks without bridge network mode/,
);
test(refused, { network: 'a,b', ip: '1.2.3.4' }, /ip can only be set for a single network/);
test(refused, { network: 'a', ip: '10.50.0.300' }, /"10.50.0.300" is not an ip address/);
test(refused, { network: 'a', ip: '224.0.0.1' }, /cannot be the address of a container/);
test(refused, { network: 'a', ip6: '10.0.0.1' }, /not an IPv6 address/);
for (const macAddress of [
  'zz',
  '02:00:00:00:00',
  '02:00:00:00:00:01:02',
  '02-00:00:00:00:01',
  '01:00:5e:00:00:01',
  '00:00:00:00:00:00',
])
  test(refused, { network: 'a', macAddress }, /invalid MAC address/);
for (const interfaceName of ['0123456789abcdef', 'a/b', '..', '', 'a b', 'lo', '-x'])
  test(refused, { networks: [{ name: 'a', interfaceName }] }, /interface name/);
test(
  refused,
  {
    networks: [
      { name: 'a', interfaceName: 'x' },
      { name: 'b', interfaceName: 'x' },
    ],
  },
  /used for two networks/,
);
test(refused, { network: 'a', networkAliases: ['a b'] }, /network alias "a b"/);
test(refused, { network: 'a', egress: {} }, /egress has no rule/);
