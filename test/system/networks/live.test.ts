/** Networks of containers that run: put on them, taken off them, and what is left of an attempt that failed or was killed. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import test, { type ExecutionContext } from 'ava';

import { busyboxRoot } from '../../helpers/busybox.js';
import { KILLED_BY_SIGNAL, collect, output, run, start, storeOf } from '../../helpers/cli.js';
import { until } from '../../helpers/until.js';
import { testNetwork, type TestNetwork } from '../../helpers/network.js';
import { killHard } from '../../helpers/processes.js';
import { requires, skip } from '../../helpers/requires.js';

const SERVER = ['sh', '-c', 'echo hello > /index.html; exec busybox httpd -f -h / -p 80'] as const;
const SLEEP = ['sleep', '1000'] as const;

const FETCH = ['busybox', 'wget', '-q', '-O', '-'] as const;

/** An engine that runs a container on the network `old`, and is open until its input ends. */
const KEEPER = `
import { openEngine } from ${JSON.stringify(join(process.cwd(), 'dist/index.js'))};
const { rootfs, cgroupManager, root, runRoot } = JSON.parse(process.argv[1]);
const engine = await openEngine({ root, runRoot, cgroupManager });
await engine.run({ rootfs: rootfs.slice(0, -2), rootfsOverlay: true, network: 'old', command: ['true'] });
console.log('ready');
process.stdin.on('end', () => engine.close()).resume();
`;

function fetchFromHost(network: TestNetwork): string {
  const [program, ...words] = FETCH;
  return network.inside(program, ...words, 'http://127.0.0.1:8080/');
}

/** Not while the server is about to start. */
function isServed(network: TestNetwork): boolean {
  try {
    return fetchFromHost(network) === 'hello\n';
  } catch {
    return false;
  }
}

async function interfacesOf(t: ExecutionContext<unknown>, name: string): Promise<readonly string[]> {
  const shown = await output(t, 'exec', name, 'ip', '-o', '-4', 'addr');
  return shown.split('\n').flatMap((line) => /(eth\d)\s+inet/.exec(line)?.[1] ?? []);
}

/** Numbers, names and addresses: whether they are up the kernel says up to a second later. */
function linksOf(network: TestNetwork): string {
  return network.inside('ip', '-o', 'link').replaceAll(/<.*?>|qdisc \w+|state \w+/g, '');
}

/** Whether the kernel has links of this kind; `lan` is their parent. */
function hasKind(network: TestNetwork, kind: string): boolean {
  try {
    network.inside('ip', 'link', 'add', 'link', 'lan', 'name', 'tried', 'type', kind);
  } catch {
    return false;
  }
  network.inside('ip', 'link', 'del', 'tried');
  return true;
}

/** The container's process ends as if it had failed; for one with a restart policy this waits for the next. */
async function killProcess(t: ExecutionContext<unknown>, name: string, { comesBack = false } = {}): Promise<void> {
  const state = async (): Promise<string> =>
    (await output(t, 'inspect', '--format', '{{.State.Pid}} {{.State.Status}}', name)).trim();
  const before = await state();
  process.kill(Number.parseInt(before, 10), 'SIGKILL');
  await until('its next state', async () => {
    const now = await state();
    return now !== before && now.endsWith(comesBack ? 'running' : 'exited');
  });
}

/** Names of files of RUNROOT/networks that begin so. */
function filesOf(t: ExecutionContext<unknown>, prefix: string): readonly string[] {
  return readdirSync(join(storeOf(t).runRoot, 'networks')).filter((name) => name.startsWith(prefix));
}

async function killedAt(t: ExecutionContext<unknown>, point: string, ...args: readonly string[]): Promise<void> {
  const { status } = await collect(start(t, { env: { TSPOD_TEST: '1', TSPOD_FAILPOINT: point } }, ...args));
  t.is(status, KILLED_BY_SIGNAL);
}

test('published ports lead to a network again that is connected after the last one was taken off', async (t) => {
  if (!requires(t, 'root', 'busybox', 'overlay', 'unshare', 'nsenter')) return;
  const network = await testNetwork(t);
  const root = [`--rootfs`, `${busyboxRoot(t)}:O`];
  await run(t, 0, 'network', 'create', 'web');
  await run(t, 0, 'network', 'create', '--subnet', '10.51.0.0/24', 'db');
  await run(t, 0, 'run', '-d', '--name', 'a', '--network', 'web', '-p', '8080:80', ...root, ...SERVER);
  await until('the server answers', () => isServed(network));
  await run(t, 0, 'network', 'disconnect', 'web', 'a');
  t.throws(() => fetchFromHost(network));
  await run(t, 0, 'network', 'connect', 'db', 'a');
  t.is(fetchFromHost(network), 'hello\n');
  // By way of the host's address to itself.
  t.is(await output(t, 'exec', 'a', ...FETCH, 'http://10.51.0.1:8080/'), 'hello\n');
  await run(t, 0, 'network', 'connect', 'web', 'a');
  await run(t, 0, 'network', 'disconnect', 'db', 'a');
  t.is(fetchFromHost(network), 'hello\n');
  await run(t, 0, 'rm', '-f', '-t', '0', 'a');
});

test('kill -9: connect and disconnect go on where they were cut off', async (t) => {
  if (!requires(t, 'root', 'busybox', 'overlay', 'unshare', 'nsenter')) return;
  await testNetwork(t);
  const root = [`--rootfs`, `${busyboxRoot(t)}:O`];
  await run(t, 0, 'network', 'create', 'web');
  // One address.
  await run(t, 0, 'network', 'create', '--subnet', '10.51.0.0/30', 'db');
  await run(t, 0, 'run', '-d', '--name', 'a', '--network', 'web', ...root, ...SLEEP);
  for (const point of ['connect-recorded', 'connect-written', 'connect-made']) {
    await killedAt(t, point, 'network', 'connect', 'db', 'a');
    t.is((await interfacesOf(t, 'a')).length, point === 'connect-made' ? 2 : 1, point);
    await run(t, 0, 'network', 'connect', 'db', 'a');
    t.is((await interfacesOf(t, 'a')).length, 2, point);
    await run(t, 125, 'network', 'connect', 'db', 'a');
    t.is((await interfacesOf(t, 'a')).length, 2, point);
    await killedAt(t, 'disconnected', 'network', 'disconnect', 'db', 'a');
    t.is((await interfacesOf(t, 'a')).length, 1, point);
    await run(t, 0, 'network', 'disconnect', 'db', 'a');
    await run(t, 125, 'network', 'disconnect', 'db', 'a');
  }
  await killedAt(t, 'disconnected', 'network', 'disconnect', 'web', 'a');
  await run(t, 0, 'network', 'connect', 'web', 'a');
  t.is((await interfacesOf(t, 'a')).length, 1);
  await run(t, 0, 'rm', '-f', '-t', '0', 'a');
});

test('a connect that fails leaves no interface, no address and no bridge, and the ports as they were', async (t) => {
  if (!requires(t, 'root', 'busybox', 'overlay', 'unshare', 'nsenter')) return;
  const network = await testNetwork(t);
  const root = [`--rootfs`, `${busyboxRoot(t)}:O`];
  await run(t, 0, 'network', 'create', 'web');
  await run(t, 0, 'network', 'create', '--subnet', '10.51.0.0/30', 'db');
  const flags = ['--network', 'web', '-p', '8080:80', '--cap-add', 'NET_ADMIN'];
  await run(t, 0, 'run', '-d', '--name', 'a', ...flags, ...root, ...SERVER);
  await until('the server answers', () => isServed(network));
  const links = network.links();
  // The gateway of the second network cannot be one.
  await run(t, 0, 'exec', 'a', 'ip', 'route', 'add', 'unreachable', '10.51.0.1/32', 'scope', 'link');
  const { stderr } = await run(t, 125, 'network', 'connect', 'db', 'a');
  t.regex(stderr, /add route to default by 10\.51\.0\.1 on eth1/);
  t.deepEqual(await interfacesOf(t, 'a'), ['eth0']);
  t.notRegex(await output(t, 'exec', 'a', 'ip', 'link'), /eth1/);
  t.deepEqual(network.links(), links);
  t.is(fetchFromHost(network), 'hello\n');
  await run(t, 125, 'network', 'disconnect', 'db', 'a');
  await run(t, 0, 'run', '--rm', '--network', 'db', ...root, 'true');
  await run(t, 0, 'exec', 'a', 'ip', 'route', 'del', 'unreachable', '10.51.0.1/32');
  await run(t, 0, 'network', 'connect', 'db', 'a');
  t.is((await interfacesOf(t, 'a')).length, 2);
  await run(t, 0, 'rm', '-f', '-t', '0', 'a');
});

test('a container that was started on no network is connected only while it is stopped', async (t) => {
  if (!requires(t, 'root', 'busybox', 'overlay', 'unshare', 'nsenter')) return;
  await testNetwork(t);
  const root = [`--rootfs`, `${busyboxRoot(t)}:O`];
  await run(t, 0, 'network', 'create', 'web');
  await run(t, 0, 'create', '--name', 'a', '--network', 'web', ...root, ...SLEEP);
  await run(t, 0, 'network', 'disconnect', 'web', 'a');
  await run(t, 0, 'start', 'a');
  const { stderr } = await run(t, 125, 'network', 'connect', 'web', 'a');
  t.is(
    stderr,
    'Error: container a was started without a network, and can be connected to one only while it is stopped\n',
  );
  await run(t, 125, 'network', 'disconnect', 'web', 'a');
  await run(t, 0, 'stop', '-t', '0', 'a');
  await run(t, 0, 'network', 'connect', 'web', 'a');
  await run(t, 0, 'start', 'a');
  t.deepEqual(await interfacesOf(t, 'a'), ['eth0']);
  await run(t, 0, 'rm', '-f', '-t', '0', 'a');
});

test('a network has the rules of its own on a bridge that an engine keeps of one that was removed', async (t) => {
  if (!requires(t, 'root', 'busybox', 'overlay', 'unshare', 'nsenter', 'nft')) return;
  const network = await testNetwork(t);
  const root = [`--rootfs`, `${busyboxRoot(t)}:O`];
  await run(t, 0, 'network', 'create', '--interface-name', 'br1', 'old');
  const { root: store, runRoot, env, prefix = [] } = storeOf(t);
  const [program = '', ...words] = [...prefix, process.execPath, '--input-type=module', '-e', KEEPER];
  const options = { root: store, runRoot, cgroupManager: env['TSPOD_CGROUP_MANAGER'], rootfs: root[1] };
  const keeper = spawn(program, [...words, JSON.stringify(options)], { stdio: ['pipe', 'pipe', 'inherit'] });
  t.teardown(() => keeper.kill('SIGKILL'));
  await once(keeper.stdout, 'data');
  t.true(network.links().includes('br1'));
  await run(t, 0, 'network', 'rm', 'old');
  t.false(network.links().includes('br1'));
  await run(t, 0, 'network', 'create', '--interface-name', 'br1', '--internal', '-o', 'isolate=true', 'new');
  await run(t, 0, 'run', '-d', '--name', 'a', '--network', 'new', ...root, ...SLEEP);
  t.regex(network.inside('/usr/sbin/nft', 'list', 'chain', 'inet', 'tspod', 'from_br1'), /drop/);
  await run(t, 0, 'rm', '-f', '-t', '0', 'a');
  keeper.stdin.end();
  await once(keeper, 'exit');
});

test('a bridge with VLANs takes no containers, at their start or while they run', async (t) => {
  if (!requires(t, 'root', 'busybox', 'overlay', 'unshare', 'nsenter')) return;
  await testNetwork(t);
  const root = [`--rootfs`, `${busyboxRoot(t)}:O`];
  await run(t, 0, 'network', 'create', 'web');
  await run(t, 0, 'network', 'create', 'tagged');
  // As Podman makes them.
  const path = join(storeOf(t).root, 'networks', 'tagged.json');
  const made = JSON.parse(readFileSync(path, 'utf8')) as object;
  writeFileSync(path, JSON.stringify({ ...made, options: { vlan: '7' } }));
  const words = /network tagged: the option vlan of bridges is not supported/;
  t.regex((await run(t, 126, 'run', '--rm', '--network', 'tagged', ...root, 'true')).stderr, words);
  await run(t, 0, 'run', '-d', '--name', 'a', '--network', 'web', ...root, ...SLEEP);
  t.regex((await run(t, 125, 'network', 'connect', 'tagged', 'a')).stderr, words);
  t.deepEqual(await interfacesOf(t, 'a'), ['eth0']);
  await run(t, 0, 'rm', '-f', '-t', '0', 'a');
});

test("of several default routes the first network's is taken, unless metrics say otherwise", async (t) => {
  if (!requires(t, 'root', 'busybox', 'overlay', 'unshare', 'nsenter')) return;
  await testNetwork(t);
  for (const name of ['one', 'two']) await run(t, 0, 'network', 'create', name);
  await run(t, 0, 'network', 'create', '-o', 'metric=7', 'three');
  const root = [`--rootfs`, `${busyboxRoot(t)}:O`];
  const shown = await output(t, 'run', '--rm', '--network', 'one,two,three', ...root, 'ip', 'route');
  const metrics = shown
    .split('\n')
    .flatMap((line) => /^default .* dev (\S+) +metric (\d+)/.exec(line)?.slice(1).join() ?? []);
  t.deepEqual(metrics, ['eth2,7', 'eth0,100', 'eth1,101']);
});

test('networks may have the same metric and the same routes: the first one counts', async (t) => {
  if (!requires(t, 'root', 'busybox', 'overlay', 'unshare', 'nsenter')) return;
  await testNetwork(t);
  const create = ['network', 'create', '--route'] as const;
  for (const [subnet, name] of [
    ['10.54.1', 'one'],
    ['10.54.2', 'two'],
    ['10.54.3', 'three'],
  ] as const)
    await run(t, 0, ...create, `192.0.2.0/24,${subnet}.9`, '-o', 'metric=50', '--subnet', `${subnet}.0/24`, name);
  const twice = ['--route', '198.51.100.0/24,10.54.4.9,7', '--route', '0.0.0.0/0,10.54.4.1,102'];
  await run(t, 0, ...create, '198.51.100.0/24,10.54.4.9,7', ...twice, '--subnet', '10.54.4.0/24', 'twice');
  const sixth = ['-o', 'metric=50', '--ipv6', '--subnet'];
  for (const [subnet, name] of [
    ['fd54:1::/64', 'five'],
    ['fd54:2::/64', 'six'],
  ] as const)
    await run(t, 0, 'network', 'create', ...sixth, subnet, name);
  const root = [`--rootfs`, `${busyboxRoot(t)}:O`];
  await run(t, 0, 'run', '-d', '--name', 'a', '--network', 'one,two', '--network', 'twice,five,six', ...root, ...SLEEP);
  await run(t, 0, 'network', 'connect', 'three', 'a');
  const routes = async (to: string) =>
    (await output(t, 'exec', 'a', 'ip', 'route'))
      .split('\n')
      .flatMap((line) => (line.startsWith(`${to} `) ? (/dev (\S+)/.exec(line)?.[1] ?? []) : []));
  t.deepEqual(await routes('192.0.2.0/24'), ['eth0', 'eth1', 'eth5']);
  t.deepEqual(await routes('default'), ['eth0', 'eth1', 'eth3', 'eth4', 'eth5', 'eth2']);
  t.deepEqual(await routes('198.51.100.0/24'), ['eth2']);
  const ofIpv6 = await output(t, 'exec', 'a', 'cat', '/proc/net/ipv6_route');
  t.deepEqual(ofIpv6.match(/(?<=^0{32} 00 .* 00000032 .*)eth\d$/gm), ['eth3', 'eth4']);
  await run(t, 0, 'network', 'disconnect', 'one', 'a');
  t.deepEqual(await routes('192.0.2.0/24'), ['eth1', 'eth5'], 'the next one takes its place');
  await run(t, 0, 'rm', '-f', '-t', '0', 'a');
});

test('an internal macvlan without a parent lies above the interface of the default route', async (t) => {
  if (!requires(t, 'root', 'busybox', 'overlay', 'unshare', 'nsenter', 'ip')) return;
  const network = await testNetwork(t);
  const root = [`--rootfs`, `${busyboxRoot(t)}:O`];
  network.inside('ip', 'link', 'add', 'lan', 'up', 'type', 'veth', 'peer', 'name', 'far');
  network.inside('ip', 'addr', 'add', '10.52.0.1/24', 'dev', 'lan');
  network.inside('ip', 'route', 'add', 'default', 'dev', 'lan');
  if (hasKind(network, 'macvlan')) {
    await run(t, 0, 'network', 'create', '-d', 'macvlan', '--internal', '--subnet', '10.53.0.0/24', 'wire');
    const shown = await output(t, 'run', '--rm', '--network', 'wire', ...root, 'ip', 'route');
    t.is(shown.trim().replaceAll(/\s+/g, ' '), '10.53.0.0/24 dev eth0 scope link src 10.53.0.1');
  } else skip(t, 'the kernel has no macvlan');
  network.inside('ip', 'link', 'del', 'lan');
});

test('a full network, a subnet that is taken and a port that is busy: refused, and nothing is left', async (t) => {
  if (!requires(t, 'root', 'busybox', 'overlay', 'unshare', 'nsenter')) return;
  const network = await testNetwork(t);
  const root = [`--rootfs`, `${busyboxRoot(t)}:O`];
  await run(t, 0, 'network', 'create', '--subnet', '10.51.0.0/30', 'small');
  await run(t, 0, 'network', 'create', 'web');
  await run(t, 0, 'run', '-d', '--name', 'a', '--network', 'small', '-p', '8080:80', ...root, ...SLEEP);
  const links = network.links();
  const files = (): readonly string[] => readdirSync(join(storeOf(t).runRoot, 'networks')).toSorted();
  const before = files();
  const full = await run(t, 126, 'run', '--name', 'b', '--network', 'web,small', ...root, 'true');
  t.regex(full.stderr, /subnet 10\.51\.0\.0\/30: all its addresses are in use: no free IP addresses/);
  const busy = await run(t, 126, 'run', '--name', 'c', '--network', 'web', '-p', '8080:80', ...root, 'true');
  t.regex(busy.stderr, /listen tcp4 :8080: bind: address already in use/);
  for (const subnet of ['10.51.0.0/24', '10.51.0.0/30'])
    t.regex((await run(t, 125, 'network', 'create', '--subnet', subnet, 'other')).stderr, /already (in )?used/);
  await run(t, 1, 'network', 'exists', 'other');
  t.deepEqual(network.links(), links);
  t.deepEqual(files(), before);
  // The address that the first one got on the network that was not full is free again.
  await run(t, 0, 'rm', 'b', 'c');
  const rest = ['--network', 'web', ...root, 'true'];
  for (const last of [2, 3]) {
    const subnet = await output(t, 'network', 'inspect', '--format', '{{range .Subnets}}{{.Subnet}}{{end}}', 'web');
    await run(t, 0, 'run', '--rm', '--ip', subnet.trim().replace(/0\/24$/, String(last)), ...rest);
  }
  await run(t, 0, 'rm', '-f', '-t', '0', 'a');
});

test('nothing is left of a macvlan that was added while the container ran', async (t) => {
  if (!requires(t, 'root', 'busybox', 'overlay', 'unshare', 'nsenter', 'ip')) return;
  const network = await testNetwork(t);
  const root = [`--rootfs`, `${busyboxRoot(t)}:O`];
  network.inside('ip', 'link', 'add', 'lan', 'type', 'veth', 'peer', 'name', 'far');
  if (!hasKind(network, 'macvlan')) {
    network.inside('ip', 'link', 'del', 'lan');
    skip(t, 'the kernel has no macvlan');
    return;
  }
  await run(t, 0, 'network', 'create', 'web');
  await run(t, 0, 'network', 'create', '-d', 'macvlan', '-o', 'parent=lan', '--subnet', '10.52.0.0/24', 'wire');
  await run(t, 0, 'run', '-d', '--name', 'a', '--network', 'web', ...root, ...SLEEP);
  await run(t, 0, 'network', 'connect', 'wire', 'a');
  t.deepEqual(await interfacesOf(t, 'a'), ['eth0', 'eth1']);
  await run(t, 0, 'rm', '-f', '-t', '0', 'a');
  const left = () => readdirSync(join(storeOf(t).runRoot, 'networks')).filter((name) => name !== 'lock');
  await until('no file is left', () => left().length === 0);
  network.inside('ip', 'link', 'del', 'lan');
  t.pass();
});

test('a network that a container was put on goes with it, also from a namespace that another one shares', async (t) => {
  if (!requires(t, 'root', 'busybox', 'overlay', 'unshare', 'nsenter')) return;
  const network = await testNetwork(t);
  const root = [`--rootfs`, `${busyboxRoot(t)}:O`];
  await run(t, 0, 'network', 'create', 'web');
  await run(t, 0, 'network', 'create', '--subnet', '10.51.0.0/30', 'db');
  await run(t, 0, 'run', '-d', '--name', 'a', '--network', 'web', ...root, ...SLEEP);
  await run(t, 0, 'network', 'connect', 'db', 'a');
  await run(t, 0, 'run', '-d', '--name', 'b', '--network', 'container:a', ...root, ...SLEEP);
  await run(t, 0, 'stop', '-t', '0', 'a');
  await until('no link is left', () => network.links().join() === 'lo');
  t.deepEqual(await interfacesOf(t, 'b'), []);
  await run(t, 0, 'run', '--rm', '--network', 'db', ...root, 'true');
  await run(t, 0, 'rm', '-f', '-t', '0', 'b', 'a');
});

test('network rm takes along a bridge that nothing is on', async (t) => {
  if (!requires(t, 'root', 'busybox', 'overlay', 'unshare', 'nsenter')) return;
  const network = await testNetwork(t);
  const root = [`--rootfs`, `${busyboxRoot(t)}:O`];
  await run(t, 0, 'network', 'create', '--interface-name', 'br1', 'web');
  await run(t, 0, 'run', '--rm', '--network', 'web', ...root, 'true');
  await until('no link is left', () => network.links().join() === 'lo');
  // As a crash leaves it.
  network.inside('ip', 'link', 'add', 'br1', 'type', 'bridge');
  await run(t, 0, 'network', 'rm', 'web');
  t.deepEqual(network.links(), ['lo']);
});

test('kill -9: disconnect gives back what a connect had taken that was cut off', async (t) => {
  if (!requires(t, 'root', 'busybox', 'overlay', 'unshare', 'nsenter')) return;
  await testNetwork(t);
  const root = [`--rootfs`, `${busyboxRoot(t)}:O`];
  await run(t, 0, 'network', 'create', 'web');
  await run(t, 0, 'network', 'create', '--subnet', '10.51.0.0/30', 'db');
  await run(t, 0, 'run', '-d', '--name', 'a', '--network', 'web', ...root, ...SLEEP);
  await killedAt(t, 'addresses-leased', 'network', 'connect', 'db', 'a');
  await run(t, 0, 'network', 'disconnect', 'db', 'a');
  t.notRegex(
    await output(t, 'run', '--rm', '--network', 'db', ...root, 'cat', '/etc/hosts'),
    /containers on the same networks/,
  );
  await run(t, 0, 'rm', '-f', '-t', '0', 'a');
});

test('kill -9: what a container was put on in an earlier life says nothing of the next one', async (t) => {
  if (!requires(t, 'root', 'busybox', 'overlay', 'unshare', 'nsenter')) return;
  const network = await testNetwork(t);
  const root = [`--rootfs`, `${busyboxRoot(t)}:O`];
  for (const name of ['web', 'db']) await run(t, 0, 'network', 'create', name);
  await run(t, 0, 'run', '-d', '--name', 'a', '--network', 'web', ...root, ...SLEEP);
  await run(t, 0, 'network', 'connect', 'db', 'a');
  const [name = ''] = filesOf(t, 'added-');
  const path = join(storeOf(t).runRoot, 'networks', name);
  const added = readFileSync(path);
  const pid = Number.parseInt(await output(t, 'inspect', '--format', '{{.State.Pid}}', 'a'), 10);
  await killHard(pid);
  await killedAt(t, 'end-recorded', 'ps');
  await run(t, 0, 'ps');
  t.deepEqual(filesOf(t, 'added-'), []);
  await until('no link is left', () => network.links().join() === 'lo');
  // As a new boot finds it, where RUNROOT is on a disk.
  writeFileSync(path, added);
  await run(t, 0, 'start', 'a');
  t.deepEqual(filesOf(t, 'added-'), []);
  await run(t, 0, 'update', '--restart', 'always', 'a');
  await killProcess(t, 'a', { comesBack: true });
  t.deepEqual(await interfacesOf(t, 'a'), ['eth0', 'eth1']);
  await run(t, 0, 'rm', '-f', '-t', '0', 'a');
});

test('a network that is connected has the first number that is free', async (t) => {
  if (!requires(t, 'root', 'busybox', 'overlay', 'unshare', 'nsenter')) return;
  const network = await testNetwork(t);
  const root = [`--rootfs`, `${busyboxRoot(t)}:O`];
  for (const name of ['web', 'one', 'two', 'three']) await run(t, 0, 'network', 'create', name);
  await run(t, 0, 'run', '-d', '--name', 'a', '--network', 'web', '-p', '8080:80', ...root, ...SERVER);
  const links = network.links().length;
  for (let round = 0; round < 3; round += 1) {
    await run(t, 0, 'network', 'connect', 'one', 'a');
    t.deepEqual(await interfacesOf(t, 'a'), ['eth0', 'eth1']);
    await run(t, 0, 'network', 'disconnect', 'one', 'a');
  }
  t.is(network.links().length, links);
  for (const name of ['one', 'two']) await run(t, 0, 'network', 'connect', name, 'a');
  await run(t, 0, 'network', 'disconnect', 'one', 'a');
  t.deepEqual(await interfacesOf(t, 'a'), ['eth0', 'eth2']);
  await run(t, 0, 'network', 'connect', 'three', 'a');
  await run(t, 0, 'network', 'connect', 'one', 'a');
  t.deepEqual((await interfacesOf(t, 'a')).toSorted(), ['eth0', 'eth1', 'eth2', 'eth3']);
  const [name = ''] = filesOf(t, 'container-');
  const { networks } = JSON.parse(readFileSync(join(storeOf(t).runRoot, 'networks', name), 'utf8')) as {
    readonly networks: readonly unknown[];
  };
  t.is(networks.length, 4);
  // Also that of a network that it was started with.
  await run(t, 0, 'network', 'disconnect', 'three', 'a');
  await run(t, 0, 'network', 'disconnect', 'web', 'a');
  await run(t, 0, 'network', 'connect', 'three', 'a');
  t.deepEqual((await interfacesOf(t, 'a')).toSorted(), ['eth0', 'eth2', 'eth3']);
  t.is(fetchFromHost(network), 'hello\n');
  // Of what it was started with nothing is left to a launch to come, which finds the others in its namespace.
  await run(t, 0, 'update', '--restart', 'always', 'a');
  await killProcess(t, 'a', { comesBack: true });
  t.deepEqual((await interfacesOf(t, 'a')).toSorted(), ['eth0', 'eth2', 'eth3']);
  await until('the port is reached again', () => isServed(network));
  await run(t, 0, 'rm', '-f', '-t', '0', 'a');
});

test('a network that a container was taken off does not come back with a restart by its policy', async (t) => {
  if (!requires(t, 'root', 'busybox', 'overlay', 'unshare', 'nsenter')) return;
  const network = await testNetwork(t);
  const root = [`--rootfs`, `${busyboxRoot(t)}:O`];
  await run(t, 0, 'network', 'create', 'web');
  await run(t, 0, 'network', 'create', '--subnet', '10.51.0.0/30', 'db');
  const flags = ['--name', 'a', '--restart', 'always', '--network', 'web,db', '-p', '8080:80'];
  await run(t, 0, 'run', '-d', ...flags, ...root, ...SERVER);
  await run(t, 0, 'network', 'disconnect', 'db', 'a');
  t.deepEqual(await interfacesOf(t, 'a'), ['eth0']);
  // Its only address is another's now.
  await run(t, 0, 'run', '-d', '--name', 'b', '--network', 'db', ...root, ...SLEEP);
  await killProcess(t, 'a', { comesBack: true });
  t.deepEqual(await interfacesOf(t, 'a'), ['eth0']);
  await run(t, 125, 'network', 'disconnect', 'db', 'a');
  await until('the port is reached', () => isServed(network));
  await run(t, 0, 'rm', '-f', '-t', '0', 'b');
  await run(t, 0, 'network', 'disconnect', 'web', 'a');
  for (const name of ['web', 'db']) await run(t, 0, 'network', 'rm', name);
  await killProcess(t, 'a', { comesBack: true });
  t.deepEqual(await interfacesOf(t, 'a'), []);
  t.deepEqual(network.links(), ['lo']);
  t.throws(() => fetchFromHost(network));
  await run(t, 0, 'rm', '-f', '-t', '0', 'a');
});

test('a network that is connected again stays as it is over restarts by a policy', async (t) => {
  if (!requires(t, 'root', 'busybox', 'overlay', 'unshare', 'nsenter')) return;
  await testNetwork(t);
  const root = [`--rootfs`, `${busyboxRoot(t)}:O`];
  await run(t, 0, 'network', 'create', '--subnet', '10.53.0.0/24', 'six');
  await run(t, 0, 'run', '-d', '--name', 'a', '--restart', 'always', '--network', 'six', ...root, ...SLEEP);
  const address = async (): Promise<string> =>
    /inet (\S+)/.exec(await output(t, 'exec', 'a', 'ip', '-4', 'addr', 'show', 'eth0'))?.[1] ?? '';
  for (const flags of [['--ip', '10.53.0.2'], [], ['--ip', '10.53.0.9']]) {
    await run(t, 0, 'network', 'disconnect', 'six', 'a');
    await run(t, 0, 'network', 'connect', ...flags, 'six', 'a');
    const before = await address();
    t.true(before.startsWith(flags[1] ?? '10.53.0.'), before);
    await killProcess(t, 'a', { comesBack: true });
    t.is(await address(), before);
    t.deepEqual(await interfacesOf(t, 'a'), ['eth0']);
  }
  await run(t, 0, 'network', 'disconnect', 'six', 'a');
  t.deepEqual(await interfacesOf(t, 'a'), []);
  await run(t, 0, 'rm', '-f', '-t', '0', 'a');
});

test('a container that waits for its restart can neither be connected nor disconnected', async (t) => {
  if (!requires(t, 'root', 'busybox', 'overlay', 'unshare', 'nsenter')) return;
  const network = await testNetwork(t);
  const root = [`--rootfs`, `${busyboxRoot(t)}:O`];
  for (const name of ['web', 'db']) await run(t, 0, 'network', 'create', name);
  await run(t, 0, 'run', '-d', '--name', 'a', '--restart', 'always', '--network', 'web', ...root, 'false');
  // The wait becomes longer each time.
  const states = /^([7-9]|\d\d) restarting$/;
  const format = '{{.RestartCount}} {{.State.Status}}';
  await until('a long wait', async () => states.test((await output(t, 'inspect', '--format', format, 'a')).trim()));
  const links = network.links();
  const words = /^Error: container a is about to be started again by its policy: /;
  t.regex((await run(t, 125, 'network', 'connect', 'db', 'a')).stderr, words);
  t.regex((await run(t, 125, 'network', 'disconnect', 'web', 'a')).stderr, words);
  await run(t, 0, 'network', 'reload', 'a');
  t.deepEqual(network.links(), links);
  await run(t, 0, 'stop', '-t', '0', 'a');
  await run(t, 0, 'network', 'connect', 'db', 'a');
  await run(t, 0, 'network', 'disconnect', 'web', 'a');
  const shown = await output(
    t,
    'inspect',
    '--format',
    '{{range $name, $_ := .NetworkSettings.Networks}}{{$name}} {{end}}',
    'a',
  );
  t.is(shown.trim(), 'db');
  await run(t, 0, 'rm', 'a');
});

test('network reload: a container whose bridge or link is gone is connected again', async (t) => {
  if (!requires(t, 'root', 'busybox', 'overlay', 'unshare', 'nsenter')) return;
  const network = await testNetwork(t);
  const root = [`--rootfs`, `${busyboxRoot(t)}:O`];
  await run(t, 0, 'network', 'create', '--interface-name', 'br1', 'web');
  await run(t, 0, 'network', 'create', '--interface-name', 'br2', 'db');
  await run(t, 0, 'run', '-d', '--name', 'a', '--network', 'web,db', '-p', '8080:80', ...root, ...SERVER);
  await until('the server answers', () => isServed(network));
  const before = await output(t, 'exec', 'a', 'ip', '-4', 'route');
  const [link = ''] = network.links().filter((name) => name.startsWith('ts'));
  for (const lost of ['br1', link]) {
    network.inside('ip', 'link', 'del', lost);
    await run(t, 0, 'network', 'reload', 'a');
    await until('the server answers again', () => isServed(network));
    t.deepEqual((await interfacesOf(t, 'a')).toSorted(), ['eth0', 'eth1']);
    t.deepEqual(
      (await output(t, 'exec', 'a', 'ip', '-4', 'route')).split('\n').toSorted(),
      before.split('\n').toSorted(),
    );
  }
  // What is there stays.
  const links = linksOf(network);
  await run(t, 0, 'network', 'reload', 'a');
  t.is(linksOf(network), links);
  await run(t, 0, 'rm', '-f', '-t', '0', 'a');
});

for (const { title, policies } of [
  { title: 'a restart policy', policies: ['always'] },
  { title: 'a restart policy that was updated', policies: ['always', 'on-failure'] },
  { title: 'a restart policy that an update has brought', policies: ['no', 'always'] },
]) {
  test(`${title} starts a container again with the networks that it was put on`, async (t) => {
    if (!requires(t, 'root', 'busybox', 'overlay', 'unshare', 'nsenter')) return;
    await testNetwork(t);
    const root = [`--rootfs`, `${busyboxRoot(t)}:O`];
    const [first = '', ...others] = policies;
    for (const name of ['web', 'db']) await run(t, 0, 'network', 'create', name);
    await run(t, 0, 'run', '-d', '--name', 'a', '--restart', first, '--network', 'web', ...root, ...SLEEP);
    await run(t, 0, 'network', 'connect', 'db', 'a');
    for (const policy of others) await run(t, 0, 'update', '--restart', policy, 'a');
    const routes = async () => output(t, 'exec', 'a', 'ip', '-4', 'route');
    const before = await routes();
    for (let life = 2; life < 4; life += 1) {
      await killProcess(t, 'a', { comesBack: true });
      t.deepEqual((await interfacesOf(t, 'a')).toSorted(), ['eth0', 'eth1'], `life ${life}`);
      t.deepEqual((await routes()).split('\n').toSorted(), before.split('\n').toSorted(), `life ${life}`);
    }
    await run(t, 0, 'rm', '-f', '-t', '0', 'a');
  });
}

test("connect and disconnect change the container's own names and the gateway's in its /etc/hosts", async (t) => {
  if (!requires(t, 'root', 'busybox', 'overlay', 'unshare', 'nsenter')) return;
  await testNetwork(t);
  const root = [`--rootfs`, `${busyboxRoot(t)}:O`];
  await run(t, 0, 'network', 'create', '--subnet', '10.54.0.0/24', 'web');
  await run(t, 0, 'network', 'create', '--subnet', '10.55.0.0/24', 'one');
  const flags = ['--name', 'a', '--hostname', 'ahost', '--network', 'web', '--add-host', 'ahost2:10.54.0.2'];
  await run(t, 0, 'run', '-d', ...flags, ...root, ...SLEEP);
  await run(t, 0, 'run', '-d', '--name', 'b', '--network', 'container:a', ...root, ...SLEEP);
  await run(t, 0, 'run', '-d', '--name', 'c', '--network', 'web,one', ...root, ...SLEEP);
  const lines = async (word: string): Promise<readonly string[]> =>
    (await output(t, 'exec', 'b', 'cat', '/etc/hosts'))
      .split('\n')
      .filter((line) => line.split(/\s+/).includes(word))
      .map((line) => line.split('\t')[0] ?? '');
  t.deepEqual([await lines('ahost'), await lines('host.containers.internal')], [['10.54.0.2'], ['10.54.0.1']]);
  await run(t, 0, 'network', 'connect', '--alias', 'more', 'one', 'a');
  t.deepEqual(await lines('ahost'), ['10.54.0.2', '10.55.0.3']);
  t.deepEqual(await lines('more'), ['10.54.0.2', '10.55.0.3']);
  await run(t, 0, 'network', 'disconnect', 'web', 'a');
  t.deepEqual([await lines('ahost'), await lines('host.containers.internal')], [['10.55.0.3'], ['10.55.0.1']]);
  await run(t, 0, 'network', 'disconnect', 'one', 'a');
  t.deepEqual([await lines('ahost'), await lines('host.containers.internal')], [['127.0.0.1'], []]);
  t.deepEqual(await lines('more'), []);
  await run(t, 0, 'network', 'connect', 'web', 'a');
  t.deepEqual((await lines('ahost')).length, 1);
  t.deepEqual(await lines('host.containers.internal'), ['10.54.0.1']);
  t.deepEqual([await lines('ahost2'), await lines('b')], [['10.54.0.2'], ['127.0.0.1']]);
  await run(t, 0, 'rm', '-f', '-t', '0', 'b', 'c', 'a');
});
