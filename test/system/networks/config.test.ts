/** Containers on networks, in a network namespace of the test's own. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import test, { type ExecutionContext } from 'ava';

import { busyboxRoot } from '../../helpers/busybox.js';
import { collect, output, run, runWith, start, storeOf } from '../../helpers/cli.js';
import { until } from '../../helpers/until.js';
import { busyboxLayer } from '../../helpers/layers.js';
import { testNetwork } from '../../helpers/network.js';
import { untilGone } from '../../helpers/processes.js';
import { requires } from '../../helpers/requires.js';
import { temporaryDirectory } from '../../helpers/temp.js';

interface Settings {
  readonly IPAddress: string;
  readonly MacAddress: string;
  readonly GlobalIPv6Address: string;
  readonly Ports: Readonly<Record<string, readonly { readonly HostIp: string; readonly HostPort: string }[] | null>>;
  readonly Networks: Readonly<
    Record<string, { readonly IPAddress: string; readonly MacAddress: string; readonly Aliases: readonly string[] }>
  >;
}

async function settings(t: ExecutionContext, name: string): Promise<Settings> {
  return JSON.parse(await output(t, 'inspect', '--format', '{{json .NetworkSettings}}', name)) as Settings;
}

const SLEEP = ['sleep', '1000'] as const;

test('network: containers on a named network find each other by name and alias, as they come and go', async (t) => {
  if (!requires(t, 'root', 'busybox', 'overlay', 'unshare', 'nsenter')) return;
  await testNetwork(t);
  const root = [`--rootfs`, `${busyboxRoot(t)}:O`];
  await run(t, 0, 'network', 'create', 'web');
  await run(t, 0, 'network', 'create', 'other');
  await run(
    t,
    0,
    'run',
    '-d',
    '--name',
    'a',
    '--network',
    'web:alias=alfa',
    ...root,
    'busybox',
    'httpd',
    '-f',
    '-h',
    '/',
    '-p',
    '80',
  );
  await run(t, 0, 'run', '-d', '--name', 'b', '--network', 'web', '--network-alias', 'beta', ...root, ...SLEEP);
  await run(t, 0, 'run', '-d', '--name', 'c', '--network', 'other', ...root, ...SLEEP);
  const hosts = (name: string): Promise<string> => output(t, 'exec', name, 'cat', '/etc/hosts');
  t.regex(await hosts('a'), /# containers on the same networks\n\S+\tb beta [0-9a-f]{12}\n$/);
  t.regex(await hosts('b'), /# containers on the same networks\n\S+\ta alfa [0-9a-f]{12}\n$/);
  t.notRegex(await hosts('c'), /alfa|beta/);
  for (const name of ['a', 'alfa'])
    await run(t, 0, 'exec', 'b', 'busybox', 'wget', '-q', '-O', '/dev/null', `http://${name}/bin/busybox`);
  const unknown = await collect(
    start(t, {}, 'exec', 'c', 'busybox', 'wget', '-q', '-O', '/dev/null', 'http://alfa/bin/busybox'),
  );
  t.not(unknown.status, 0);
  const { Networks } = await settings(t, 'a');
  const address = Networks['web']?.IPAddress ?? '';
  t.regex(await hosts('a'), new RegExp(`^${address}\\t[0-9a-f]{12} a alfa$`, 'm'));
  const reach = (from: string) => collect(start(t, {}, 'exec', from, 'busybox', 'nc', '-w', '2', address, '80'));
  t.is((await reach('b')).status, 0);
  t.is((await reach('c')).status, 1);
  await run(t, 0, 'stop', '-t', '0', 'b');
  t.notRegex(await hosts('a'), /beta|containers on/);
  await run(t, 0, 'start', 'b');
  t.regex(await hosts('a'), /beta/);
  await run(t, 0, 'kill', 'b');
  await until('the end is told', async () => !/beta/.test(await hosts('a')));
});

test('network inspect: the containers that run on it, with their addresses', async (t) => {
  if (!requires(t, 'root', 'busybox', 'overlay', 'unshare', 'nsenter')) return;
  await testNetwork(t);
  const root = [`--rootfs`, `${busyboxRoot(t)}:O`];
  await run(t, 0, 'network', 'create', '--disable-dns', '--ipv6', 'web');
  await run(t, 0, 'network', 'create', '--disable-dns', 'db');
  await run(t, 0, 'create', '--name', 'created', '--network', 'web', ...root, ...SLEEP);
  await run(t, 0, 'run', '-d', '--name', 'other', '--network', 'db', ...root, ...SLEEP);
  const id = (await output(t, 'run', '-d', '--name', 'a', '--network', 'db,web', ...root, ...SLEEP)).trim();
  const [web] = JSON.parse(await output(t, 'network', 'inspect', 'web')) as { containers: unknown }[];
  const { Networks } = JSON.parse(await output(t, 'inspect', '--format', '{{json .NetworkSettings}}', 'a')) as {
    Networks: Record<string, Record<string, string>>;
  };
  const { IPAddress, Gateway, GlobalIPv6Address, IPv6Gateway, MacAddress } = Networks['web'] ?? {};
  const subnets = [
    { ipnet: `${IPAddress}/24`, gateway: Gateway },
    { ipnet: `${GlobalIPv6Address}/64`, gateway: IPv6Gateway },
  ];
  t.deepEqual(web?.containers, { [id]: { name: 'a', interfaces: { eth1: { subnets, mac_address: MacAddress } } } });
  const template = '{{range .Containers}}{{.Name}} {{end}}';
  t.deepEqual((await output(t, 'network', 'inspect', '--format', template, 'db')).trim().split(' ').toSorted(), [
    'a',
    'other',
  ]);
  await run(t, 0, 'network', 'disconnect', 'web', 'a');
  t.is(await output(t, 'inspect', '--format', '{{len .Containers}}', 'web'), '0\n');
});

test('network: a container is known by the host name that was asked for', async (t) => {
  if (!requires(t, 'root', 'busybox', 'overlay', 'unshare', 'nsenter')) return;
  await testNetwork(t);
  const root = [`--rootfs`, `${busyboxRoot(t)}:O`];
  for (const name of ['web', 'db']) await run(t, 0, 'network', 'create', name);
  await run(t, 0, 'run', '-d', '--name', 'a', '--hostname', 'alfa', '--network', 'web', ...root, ...SLEEP);
  await run(t, 0, 'run', '-d', '--name', 'b', '--network', 'web', ...root, ...SLEEP);
  await run(t, 0, 'run', '-d', '--name', 'c', '--network', 'db', ...root, ...SLEEP);
  await run(t, 0, 'network', 'connect', 'db', 'a');
  const { Networks } = await settings(t, 'a');
  for (const [network, other] of [
    ['web', 'b'],
    ['db', 'c'],
  ] as const) {
    const { IPAddress: address = '', Aliases = [] } = Networks[network] ?? {};
    t.regex(await output(t, 'exec', other, 'cat', '/etc/hosts'), new RegExp(`^${address}\\ta [0-9a-f]{12} alfa$`, 'm'));
    t.is(Aliases[1], 'alfa');
  }
});

test('network: without --network a container is on the default network, with a way to the host', async (t) => {
  if (!requires(t, 'root', 'busybox', 'overlay', 'unshare', 'nsenter')) return;
  const network = await testNetwork(t);
  const root = [`--rootfs`, `${busyboxRoot(t)}:O`];
  const env = { TSPOD_NETWORK: '' };
  const [foreseen] = JSON.parse(await output(t, 'network', 'inspect', 'tspod')) as { id: string }[];
  await runWith(t, { env }, 0, 'run', '-d', '--name', 'a', ...root, ...SLEEP);
  const file = JSON.parse(readFileSync(join(storeOf(t).root, 'networks/tspod.json'), 'utf8')) as {
    created: string;
    network_interface: string;
    subnets: { subnet: string; gateway: string }[];
  };
  const [{ gateway }] = file.subnets as unknown as readonly [{ gateway: string }];
  const made = { ...foreseen, created: file.created, subnets: file.subnets };
  t.deepEqual(made as unknown, { ...file, containers: {} });
  t.true(network.links().includes(file.network_interface));
  t.regex(await output(t, 'exec', 'a', 'ip', 'route'), new RegExp(`default via ${gateway} dev eth0`));
  t.regex(await output(t, 'exec', 'a', 'cat', '/etc/hosts'), new RegExp(`^${gateway}\\thost.containers.internal`, 'm'));
  t.is(await output(t, 'inspect', '--format', '{{.HostConfig.NetworkMode}}', 'a'), 'bridge\n');
  t.is(await output(t, 'ps', '--format', '{{.Networks}}'), 'tspod\n');
  await run(t, 0, 'network', 'exists', 'podman');
  await run(t, 0, 'run', '--rm', '--network', 'podman', ...root, 'ip', 'addr', 'show', 'eth0');
});

test('network: addresses, names of interfaces and MAC addresses that are asked for are had', async (t) => {
  if (!requires(t, 'root', 'busybox', 'overlay', 'unshare', 'nsenter')) return;
  await testNetwork(t);
  const root = [`--rootfs`, `${busyboxRoot(t)}:O`];
  await run(t, 0, 'network', 'create', '--subnet', '10.50.0.0/24', '--subnet', 'fd50::/64', 'one');
  await run(t, 0, 'network', 'create', '--subnet', '10.51.0.0/24', 'two');
  const fixed = ['--network', 'one', '--ip', '10.50.0.9', '--ip6', 'fd50::9', '--mac-address', '02:00:00:00:00:09'];
  await run(t, 0, 'run', '-d', '--name', 'a', ...fixed, ...root, ...SLEEP);
  const shown = await output(t, 'exec', 'a', 'ip', 'addr', 'show', 'eth0');
  for (const words of ['inet 10.50.0.9/24', 'inet6 fd50::9/64', 'link/ether 02:00:00:00:00:09'])
    t.true(shown.includes(words), shown);
  t.like(await settings(t, 'a'), {
    IPAddress: '10.50.0.9',
    GlobalIPv6Address: 'fd50::9',
    MacAddress: '02:00:00:00:00:09',
  });
  const taken = await run(t, 126, 'run', '--rm', '--network', 'one:ip=10.50.0.9', ...root, 'true');
  t.regex(taken.stderr, /requested ip address 10\.50\.0\.9 is already allocated/);
  const gateway = await run(t, 126, 'run', '--rm', '--network', 'one:ip=10.50.0.1', ...root, 'true');
  t.regex(gateway.stderr, /already allocated/);
  const outside = await run(t, 126, 'run', '--rm', '--network', 'one:ip=10.51.0.9', ...root, 'true');
  t.regex(outside.stderr, /requested static ip 10\.51\.0\.9 not in any subnet on network one/);
  const both = ['--network', 'two:interface_name=lan', '--network', 'one:ip=10.50.0.20,alias=x'];
  await run(t, 0, 'run', '-d', '--name', 'b', ...both, ...root, ...SLEEP);
  const interfaces = await output(t, 'exec', 'b', 'ip', '-o', '-4', 'addr');
  t.regex(interfaces, /lan\s+inet 10\.51\.0\.2\/24/);
  t.regex(interfaces, /eth0\s+inet 10\.50\.0\.20\/24/);
  t.deepEqual(Object.keys((await settings(t, 'b')).Networks).sort(), ['one', 'two']);
});

test('network: a full pool is a clear error and leaves nothing; an end gives the address back', async (t) => {
  if (!requires(t, 'root', 'busybox', 'overlay', 'unshare', 'nsenter')) return;
  await testNetwork(t);
  const root = [`--rootfs`, `${busyboxRoot(t)}:O`];
  await run(t, 0, 'network', 'create', '--subnet', '10.50.0.0/30', 'tiny');
  await run(t, 0, 'run', '-d', '--name', 'a', '--network', 'tiny', ...root, ...SLEEP);
  const { stderr } = await run(t, 126, 'run', '--rm', '--name', 'b', '--network', 'tiny', ...root, 'true');
  t.regex(stderr, /subnet 10\.50\.0\.0\/30: all its addresses are in use/);
  t.is(await output(t, 'ps', '-a', '--format', '{{.Names}}'), 'a\n');
  const { MonitorPid, Pid } = JSON.parse(
    await output(t, 'inspect', '--format', '{"MonitorPid": {{.State.ConmonPid}}, "Pid": {{.State.Pid}}}', 'a'),
  ) as { MonitorPid: number; Pid: number };
  for (const pid of [MonitorPid, Pid]) process.kill(pid, 'SIGKILL');
  await untilGone(MonitorPid, Pid);
  t.regex(await output(t, 'run', '--rm', '--network', 'tiny', ...root, 'ip', 'addr'), /inet 10\.50\.0\.2\/30/);
});

test('network: published ports are reached through the host, and chosen ones are kept', async (t) => {
  if (!requires(t, 'root', 'busybox', 'overlay', 'unshare', 'nsenter')) return;
  const network = await testNetwork(t);
  const root = [`--rootfs`, `${busyboxRoot(t)}:O`];
  const server = ['sh', '-c', 'echo hello > /index.html; exec busybox httpd -f -h / -p 80'];
  await run(t, 0, 'network', 'create', 'web');
  await run(
    t,
    0,
    'run',
    '-d',
    '--name',
    'a',
    '--network',
    'web',
    '-p',
    '8080:80',
    '-p',
    '80',
    '-P',
    '--expose',
    '99/udp',
    ...root,
    ...server,
  );
  const ports = await output(t, 'port', 'a');
  t.regex(ports, /^80\/tcp -> 0\.0\.0\.0:8080\n80\/tcp -> 0\.0\.0\.0:(\d+)\n99\/udp -> 0\.0\.0\.0:\d+\n$/);
  const chosen = /:(\d+)\n99/.exec(ports)?.[1] ?? '';
  const bindings = '{{(index (index .HostConfig.PortBindings "80/tcp") 0).HostPort}} {{len .HostConfig.PortBindings}}';
  t.is(await output(t, 'inspect', '--format', bindings, 'a'), '8080 2\n', 'a map, by port');
  await until('the server listens', async () =>
    /:80 /.test(await output(t, 'exec', 'a', 'busybox', 'netstat', '-ltn')),
  );
  for (const port of ['8080', chosen])
    t.is(network.inside('busybox', 'wget', '-q', '-O', '-', `http://127.0.0.1:${port}/`), 'hello\n');
  t.regex(
    await output(t, 'ps', '--format', '{{.Ports}}'),
    new RegExp(`^0\\.0\\.0\\.0:8080->80/tcp, 0\\.0\\.0\\.0:${chosen}->80/tcp, `),
  );
  await run(t, 0, 'restart', '-t', '0', 'a');
  t.is(await output(t, 'port', 'a'), ports);
  const busy = await run(t, 126, 'run', '--rm', '--network', 'web', '-p', '8080:80', ...root, 'true');
  t.regex(busy.stderr, /8080/);
});

test('network: a port that is chosen is none that another container publishes, whether it runs or not', async (t) => {
  if (!requires(t, 'root', 'busybox', 'overlay', 'unshare', 'nsenter')) return;
  const network = await testNetwork(t);
  const root = [`--rootfs`, `${busyboxRoot(t)}:O`];
  network.inside('sh', '-c', 'echo 50000 50004 > /proc/sys/net/ipv4/ip_local_port_range');
  await run(t, 0, 'network', 'create', 'web');
  const web = ['--network', 'web'] as const;
  // Held, but nothing listens: the kernel's lists do not have it.
  await run(t, 0, 'run', '-d', '--name', 'a', ...web, '-p', '127.0.0.1:50001:80', ...root, ...SLEEP);
  await run(t, 0, 'create', '--name', 'b', ...web, '-p', '50002-50003:80-81', ...root, ...SLEEP);
  await run(t, 0, 'run', '-d', '--name', 'c', ...web, '-p', '50000:80', '-p', '80', '-p', '80/udp', ...root, ...SLEEP);
  t.regex(await output(t, 'port', 'c'), /^80\/tcp -> 0\.0\.0\.0:50000\n80\/tcp -> 0\.0\.0\.0:50004\n80\/udp /);
  const full = await run(t, 125, 'create', ...web, '-p', '80', ...root, 'true');
  t.regex(full.stderr, /no free port found on the host \(tcp\)/);
  await run(t, 0, 'rm', 'b');
  await run(t, 0, 'create', '--name', 'd', ...web, '-p', '80-81', ...root, ...SLEEP);
  t.regex(await output(t, 'inspect', '--format', '{{.HostConfig.PortBindings}}', 'd'), /50002.*50003/);
});

test('network: all ports that an image exposes are published, and those of a container are in an image of it', async (t) => {
  if (!requires(t, 'root', 'busybox', 'overlay', 'unshare', 'nsenter')) return;
  const network = await testNetwork(t);
  const archive = join(temporaryDirectory(t, 'tspod-expose-'), 'root.tar');
  writeFileSync(archive, busyboxLayer().tar);
  await run(t, 0, 'import', '-q', '-c', 'EXPOSE 80 90-91/udp', archive, 'ex:1');
  await run(t, 0, 'network', 'create', 'web');
  const server = ['sh', '-c', 'echo hello > /index.html; exec busybox httpd -f -h / -p 80'];
  const flags = ['--expose', '7000', '--expose', '80', '-p', '9000:92'];
  await run(t, 0, 'run', '-d', '--name', 'a', '--network', 'web', '-P', ...flags, 'ex:1', ...server);
  const ports = await output(t, 'port', 'a');
  t.regex(
    ports,
    /^92\/tcp -> 0\.0\.0\.0:9000\n80\/tcp -> 0\.0\.0\.0:(\d+)\n7000\/tcp -> \S+\n90\/udp -> \S+\n91\/udp -> \S+\n$/,
  );
  await until('the server listens', async () =>
    /:80 /.test(await output(t, 'exec', 'a', 'busybox', 'netstat', '-ltn')),
  );
  const chosen = /:(\d+)\n7000/.exec(ports)?.[1] ?? '';
  t.is(network.inside('busybox', 'wget', '-q', '-O', '-', `http://127.0.0.1:${chosen}/`), 'hello\n');
  await run(t, 0, 'create', '--name', 'b', '--network', 'web', ...flags, 'ex:1', ...SLEEP);
  t.deepEqual((await settings(t, 'b')).Ports, {
    '80/tcp': null,
    '90/udp': null,
    '91/udp': null,
    '92/tcp': [{ HostIp: '', HostPort: '9000' }],
    '7000/tcp': null,
  });
  const columns = '{{.Names}} {{json .ExposedPorts}} {{index .ExposedPorts "90"}}';
  const exposedBy = '{"80":["tcp"],"90":["udp"],"91":["udp"],"7000":["tcp"]} [udp]';
  t.is(await output(t, 'ps', '-a', '--sort', 'names', '--format', columns), `a ${exposedBy}\nb ${exposedBy}\n`);
  const rows = JSON.parse(await output(t, 'ps', '-a', '--format', 'json')) as { ExposedPorts: object | null }[];
  for (const { ExposedPorts } of rows)
    t.deepEqual(ExposedPorts, { '80': ['tcp'], '90': ['udp'], '91': ['udp'], '7000': ['tcp'] });
  for (const name of ['a', 'b']) {
    await run(t, 0, 'commit', '-q', name, `made:${name}`);
    const exposed = JSON.parse(
      await output(t, 'image', 'inspect', '--format', '{{json .Config.ExposedPorts}}', `made:${name}`),
    ) as object;
    t.deepEqual(Object.keys(exposed).sort(), ['7000/tcp', '80/tcp', '90/udp', '91/udp', '92/tcp']);
  }
});

test('network: ports of modes without a bridge are left out with a word', async (t) => {
  if (!requires(t, 'root', 'busybox')) return;
  const { stderr, stdout } = await run(
    t,
    0,
    'run',
    '--rm',
    '--network',
    'none',
    '-p',
    '80:80',
    '--rootfs',
    busyboxRoot(t),
    'echo',
    'x',
  );
  t.is(stdout, 'x\n');
  t.regex(
    stderr,
    /^Port mappings have been discarded as one of the Host, Container, Pod, and None network modes are in use\n$/,
  );
});

test('network: ports that make no sense are refused by modes without a bridge as well', async (t) => {
  if (!requires(t, 'root', 'busybox')) return;
  const cases: readonly (readonly [string, RegExp])[] = [
    ['99999:80', /^Error: parsing host port: port numbers must be between 1 and 65535 \(inclusive\), got 99999\n$/],
    ['abc:80', /^Error: parsing host port: invalid port number: strconv.Atoi: parsing "abc": invalid syntax\n$/],
    ['10-12:80', /^Error: host and container port ranges have different lengths: 3 vs 1\n$/],
    ['80:80:80:80', /^Error: invalid port format - format is \[\[hostIP:\]hostPort:\]containerPort\n$/],
  ];
  const root = busyboxRoot(t);
  for (const [port, message] of cases) {
    const flags = ['--network', 'none', '-p', '80:80', '-p', port];
    t.regex((await run(t, 125, 'run', '--rm', ...flags, '--rootfs', root, 'true')).stderr, message);
    t.regex((await run(t, 125, 'create', ...flags, '--rootfs', root, 'true')).stderr, message);
    t.regex((await run(t, 125, 'pod', 'create', ...flags)).stderr, message);
  }
  t.is(await output(t, 'ps', '-aq'), '');
  const { stderr } = await run(t, 0, 'run', '--rm', '--network', 'none', '-p', '', '--rootfs', root, 'true');
  t.is(stderr, '', 'nothing was discarded');
});

test('network: what is refused at the creation, in Podman’s words', async (t) => {
  if (!requires(t, 'root')) return;
  const cases: readonly (readonly [RegExp, ...string[]])[] = [
    [/unable to find network with name or ID nope: network not found/, '--network', 'nope'],
    [/network not found/, '--network', 'a/b'],
    [/network not found/, '--network', '..'],
    [/network not found/, '--network', '$(reboot)'],
    [
      /cannot set multiple networks without bridge network mode, selected mode host/,
      '--network',
      'host',
      '--network',
      'a',
    ],
    [
      /can only set extra network names, selected mode host conflicts with bridge/,
      '--network',
      'a',
      '--network',
      'host',
    ],
    [/can only be set when the network mode is bridge/, '--network', 'host', '--ip', '1.2.3.4'],
    [/port numbers must be between 1 and 65535 \(inclusive\), got 0/, '--network', 'bridge', '-p', '0'],
    [/port numbers must be between 1 and 65535 \(inclusive\), got 70000/, '--network', 'bridge', '-p', '80:70000'],
    [/conflicting port mappings for host port 80/, '--network', 'bridge', '-p', '80:80', '-p', '80:81'],
    [/invalid MAC address/, '--network', 'bridge', '--mac-address', 'zz'],
    [/interface name "0123456789abcdef"/, '--network', 'bridge:interface_name=0123456789abcdef'],
    [/unknown bridge network option: foo/, '--network', 'bridge:foo=bar'],
    [/egress must be HOST.*, not "a b"/, '--network', 'bridge', '--egress', 'allow=a b'],
  ];
  for (const [words, ...flags] of cases)
    t.regex((await run(t, 125, 'create', ...flags, '--rootfs', '/', 'true')).stderr, words);
  t.is(await output(t, 'ps', '-aq'), '');
});

test('network: many that start at the same time have different addresses and know each other', async (t) => {
  if (!requires(t, 'root', 'busybox', 'overlay', 'unshare', 'nsenter')) return;
  await testNetwork(t);
  const root = [`--rootfs`, `${busyboxRoot(t)}:O`];
  await run(t, 0, 'network', 'create', 'web');
  const names = Array.from({ length: 6 }, (_, index) => `c${index}`);
  const results = await Promise.all(
    names.map((name) => collect(start(t, {}, 'run', '-d', '--name', name, '--network', 'web', ...root, ...SLEEP))),
  );
  t.deepEqual(
    results.map(({ status, stderr }) => `${status}${stderr}`),
    Array<string>(6).fill('0'),
  );
  const addresses = await Promise.all(names.map(async (name) => (await settings(t, name)).IPAddress));
  t.is(new Set(addresses).size, 6);
  for (const name of names) {
    const hosts = await output(t, 'exec', name, 'cat', '/etc/hosts');
    for (const [index, other] of names.entries())
      t.regex(hosts, new RegExp(`^${addresses[index] ?? ''}\\t.*\\b${other}\\b`, 'm'));
  }
});

test("network: the host's name servers, those with IPv6 addresses only for a container that has IPv6", async (t) => {
  if (!requires(t, 'root', 'busybox', 'overlay', 'unshare', 'nsenter')) return;
  await testNetwork(t, { resolvConf: 'nameserver fe80::1%eth0\nnameserver 2001:db8::53\nnameserver 192.0.2.1\n' });
  const root = [`--rootfs`, `${busyboxRoot(t)}:O`];
  await run(t, 0, 'network', 'create', '--disable-dns', 'four');
  await run(t, 0, 'network', 'create', '--disable-dns', '--ipv6', 'six');
  const servers = async (network: string) =>
    (await output(t, 'run', '--rm', '--network', network, ...root, 'cat', '/etc/resolv.conf')).match(
      /^nameserver .*/gm,
    );
  t.deepEqual(await servers('four'), ['nameserver 192.0.2.1']);
  t.deepEqual(await servers('six'), ['nameserver 2001:db8::53', 'nameserver 192.0.2.1']);
});

test('network: name servers of a network, and those that are asked for before them', async (t) => {
  if (!requires(t, 'root', 'busybox', 'overlay', 'unshare', 'nsenter')) return;
  await testNetwork(t);
  const root = [`--rootfs`, `${busyboxRoot(t)}:O`];
  await run(t, 0, 'network', 'create', '--dns', '192.0.2.53', '--disable-dns', 'web');
  const resolv = (...flags: string[]): Promise<string> =>
    output(t, 'run', '--rm', '--network', 'web', ...flags, ...root, 'cat', '/etc/resolv.conf');
  t.regex(await resolv(), /^nameserver 192\.0\.2\.53$/m);
  const asked = await resolv('--dns', '192.0.2.7', '--dns-search', 'example.com');
  t.regex(asked, /^search example\.com\nnameserver 192\.0\.2\.7\n/);
  t.notRegex(asked, /192\.0\.2\.53/);
});

test('a container with the network of another one, or of its pod, shows the addresses and ports of that', async (t) => {
  if (!requires(t, 'root', 'busybox', 'overlay', 'unshare', 'nsenter')) return;
  await testNetwork(t);
  const root = [`--rootfs`, `${busyboxRoot(t)}:O`];
  await run(t, 0, 'network', 'create', 'web');
  await run(t, 0, 'run', '-d', '--name', 'a', '--network', 'web', '-p', '8080:80', ...root, ...SLEEP);
  await run(t, 0, 'run', '-d', '--name', 'b', '--network', 'container:a', ...root, ...SLEEP);
  await run(t, 0, 'create', '--name', 'c', '--network', 'container:b', '--expose', '99', ...root, ...SLEEP);
  await run(t, 0, 'pod', 'create', '--infra-name', 'keeper', '--network', 'web', '-p', '8090:90/udp', 'group');
  await run(t, 0, 'run', '-d', '--name', 'd', '--pod', 'group', ...root, ...SLEEP);
  const shown = async (name: string): Promise<unknown> => {
    const { SandboxKey: _, ...rest } = JSON.parse(
      await output(t, 'inspect', '--format', '{{json .NetworkSettings}}', name),
    ) as Settings & { readonly SandboxKey: string };
    return rest;
  };
  t.regex((await settings(t, 'a')).IPAddress, /^10\./);
  for (const [name, owner] of [
    ['b', 'a'],
    ['c', 'a'],
    ['d', 'keeper'],
  ] as const) {
    t.deepEqual(await shown(name), await shown(owner), name);
    t.is(await output(t, 'port', name), await output(t, 'port', owner), name);
  }
  t.is(await output(t, 'port', 'b', '80'), '0.0.0.0:8080\n');
  t.is(await output(t, 'inspect', '--format', '{{.NetworkSettings.SandboxKey}}', 'c'), '\n');
  t.is(
    await output(t, 'ps', '-a', '--sort', 'names', '--format', '{{.Names}} [{{.Networks}}] {{.Ports}}'),
    [
      'a [web] 0.0.0.0:8080->80/tcp',
      'b [] 0.0.0.0:8080->80/tcp',
      'c [] 0.0.0.0:8080->80/tcp',
      'd [] 0.0.0.0:8090->90/udp',
      'keeper [web] 0.0.0.0:8090->90/udp',
      '',
    ].join('\n'),
  );
  t.is(await output(t, 'ps', '-a', '--filter', 'network=container:a', '--format', '{{.Names}}'), 'b\n');
  // What has ended has no addresses, but keeps its ports.
  await run(t, 0, 'stop', '-t', '0', 'a');
  t.deepEqual(await shown('b'), await shown('a'));
  t.is((await settings(t, 'b')).IPAddress, '');
  t.is(await output(t, 'port', 'b', '80'), '0.0.0.0:8080\n');
  await run(t, 0, 'pod', 'rm', '-f', '-t', '0', 'group');
  await run(t, 0, 'rm', '-f', '-t', '0', 'c', 'b', 'a');
});

test('network connect and disconnect: at once, with names, addresses and ports, and nothing is left of it', async (t) => {
  if (!requires(t, 'root', 'busybox', 'overlay', 'unshare', 'nsenter')) return;
  const network = await testNetwork(t);
  const root = [`--rootfs`, `${busyboxRoot(t)}:O`];
  for (const name of ['web', 'db']) await run(t, 0, 'network', 'create', name);
  const server = ['sh', '-c', 'echo hello > /index.html; exec busybox httpd -f -h / -p 80'];
  await run(t, 0, 'run', '-d', '--name', 'a', '--network', 'web', '-p', '8080:80', ...root, ...server);
  await run(t, 0, 'create', '--name', 'b', '--network', 'web', ...root, ...SLEEP);
  const addresses = async (): Promise<string[]> =>
    (await output(t, 'exec', 'a', 'ip', '-o', '-4', 'addr'))
      .split('\n')
      .flatMap((line) => /(eth\d)\s+inet/.exec(line)?.[1] ?? []);
  const fetched = (): string => network.inside('busybox', 'wget', '-q', '-O', '-', 'http://127.0.0.1:8080/');
  await run(t, 0, 'network', 'connect', '--alias', 'extra', 'db', 'a');
  const again = (name: string) => run(t, 125, 'network', 'connect', '--alias', 'other', 'db', name);
  const words = /^Error: container [0-9a-f]{64} is already connected to network "db": network is already connected\n$/;
  t.regex((await again('a')).stderr, words);
  await run(t, 0, 'network', 'connect', 'db', 'b');
  t.regex((await again('b')).stderr, words);
  t.deepEqual(await addresses(), ['eth0', 'eth1']);
  await run(t, 0, 'start', 'b');
  t.regex(await output(t, 'exec', 'b', 'cat', '/etc/hosts'), /a extra/);
  t.deepEqual(Object.keys((await settings(t, 'a')).Networks).sort(), ['db', 'web']);
  await run(t, 0, 'network', 'disconnect', 'web', 'a');
  t.deepEqual(await addresses(), ['eth1']);
  t.is(fetched(), 'hello\n');
  const gone = await run(t, 125, 'network', 'disconnect', 'web', 'a');
  t.is(gone.stderr, 'Error: container a is not connected to network web\n');
  network.inside('/usr/sbin/nft', 'flush', 'ruleset');
  await run(t, 0, 'network', 'reload', 'a');
  t.is(fetched(), 'hello\n');
  await run(t, 0, 'restart', '-t', '0', 'a');
  t.deepEqual(await addresses(), ['eth0']);
  await run(t, 0, 'rm', '-f', '-t', '0', 'b');
  await run(t, 0, 'network', 'connect', 'web', 'a');
  await run(t, 0, 'rm', '-f', '-t', '0', 'a');
  t.deepEqual(network.links(), ['lo']);
  const host = await run(t, 0, 'create', '--name', 'h', '--network', 'host', ...root, 'true');
  t.is(host.status, 0);
  t.regex((await run(t, 125, 'network', 'connect', 'web', 'h')).stderr, /invalid network mode/);
});

test('explain run: the steps of networks and ports, with the addresses that the next one gets, and nothing is left of it', async (t) => {
  if (!requires(t, 'root', 'busybox', 'overlay', 'unshare', 'nsenter')) return;
  const network = await testNetwork(t);
  const root = [`--rootfs`, `${busyboxRoot(t)}:O`];
  await run(t, 0, 'network', 'create', '--subnet', '10.53.0.0/24', 'web');
  const explain = (...words: string[]): Promise<string> => output(t, 'explain', 'run', ...words, ...root, 'true');
  const { root: place, runRoot } = storeOf(t);
  await run(t, 0, 'ps');
  const database = (): readonly Buffer[] =>
    ['tspod.db', 'tspod.db-wal'].map((name) =>
      existsSync(join(place, name)) ? readFileSync(join(place, name)) : Buffer.alloc(0),
    );
  const before = database();
  const words = await explain(
    '--name',
    'x',
    '--network',
    'web',
    '-p',
    '8080:80',
    '-p',
    '53',
    '--egress',
    'deny=192.0.2.1',
  );
  for (const expected of [
    /add address 10\.53\.0\.1\/24 to tspod\d/,
    /add address 10\.53\.0\.2\/24 to eth0/,
    /keep port 8080\/tcp/,
    /tspod_egress/,
  ])
    t.regex(words, expected);
  t.notRegex(words, /keep port 0\//);
  t.is(
    await explain('--network', 'web').then((text) => /10\.53\.0\.\d+\/24 to eth0/.exec(text)?.[0]),
    '10.53.0.2/24 to eth0',
  );
  const [, byDefault = ''] =
    /add address (\S+) to eth0/.exec(await explain('--network', 'bridge', '-p', '8081:80')) ?? [];
  t.regex(byDefault, /^10\.\d+\.\d+\.2\/24$/);
  t.regex((await run(t, 125, 'explain', 'run', '--network', 'none-such', ...root, 'true')).stderr, /network not found/);

  t.deepEqual(database(), before);
  t.deepEqual(
    readdirSync(join(place, 'networks')).filter((name) => name.endsWith('.json')),
    ['web.json'],
  );
  t.false(existsSync(join(runRoot, 'networks')));
  t.deepEqual(network.links(), ['lo']);
  t.is(await output(t, 'ps', '-aq'), '');
  await run(t, 0, 'run', '-d', '--name', 'a', '--network', 'web,bridge', ...root, ...SLEEP);
  const { Networks } = await settings(t, 'a');
  t.is(Networks['web']?.IPAddress, '10.53.0.2');
  t.is(Networks['tspod']?.IPAddress, byDefault.split('/', 1)[0]);
});
