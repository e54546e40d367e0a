/** Containers on bridges, with real traffic, on a host whose network is the test's own. */
import { spawn } from 'node:child_process';
import { readFileSync, readdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import test from 'ava';
import type { ExecutionContext } from 'ava';

import { output, run, storeOf } from '../../helpers/cli.js';
import { until } from '../../helpers/until.js';
import { ownNetwork, type OwnNetwork } from '../../helpers/own-network.js';
import { untilGone } from '../../helpers/processes.js';
import { requires } from '../../helpers/requires.js';
import { temporaryDirectory } from '../../helpers/temp.js';

/** Says who has connected, over TCP and UDP. */
const SERVER = `
const say = (address) => address.replace('::ffff:', '');
require('net').createServer((socket) => socket.on('error', () => {}).end(say(socket.remoteAddress))).listen(80, '::');
const udp = require('dgram').createSocket('udp6');
udp.on('message', (_, from) => udp.send(say(from.address), from.port, from.address));
udp.bind(80, '::', () => require('fs').writeFileSync('/tmp/ready', ''));
`;

/** Prints what the server says, or the error. */
const CLIENT = `
const [, kind, address, port] = process.argv;
const done = (text) => { console.log(text); process.exit(0); };
setTimeout(() => done('timeout'), 5000);
if (kind === 'tcp') {
  const socket = require('net').connect(Number(port), address);
  socket.on('data', (data) => done(String(data))).on('error', (error) => done(error.code));
} else {
  const udp = require('dgram').createSocket(address.includes(':') ? 'udp6' : 'udp4');
  udp.on('message', (data) => done(String(data))).on('error', (error) => done(error.code)).send('x', Number(port), address);
}
`;

/** Sends all the time, from one port, and writes down each answer. */
const TELLER = `
const [, file, address, port] = process.argv;
const udp = require('dgram').createSocket(address.includes(':') ? 'udp6' : 'udp4').bind(4000);
udp.on('message', () => require('fs').appendFileSync(file, '.')).on('error', () => {});
setInterval(() => udp.send('x', Number(port), address, () => {}), 20);
`;

/** Prints the numbers of the places that take a connection. */
const REACHED = `
const found = process.argv.slice(1).map((place, number) => new Promise((resolve) => {
  const at = place.lastIndexOf(':');
  const socket = require('net').connect(Number(place.slice(at + 1)), place.slice(0, at));
  const done = (reached) => { socket.destroy(); resolve(reached ? [number] : []); };
  socket.on('connect', () => done(true)).on('error', () => done(false)).setTimeout(3000, () => done(false));
}));
Promise.all(found).then((numbers) => console.log(JSON.stringify(numbers.flat())));
`;

const NODE = process.execPath;

type Ask = (kind: 'tcp' | 'udp', address: string, port: number) => Promise<string>;

function fromHost(host: OwnNetwork): Ask {
  return async (kind, address, port) => (await host.run(NODE, '-e', CLIENT, kind, address, String(port))).trim();
}

function from(t: ExecutionContext<unknown>, container: string): Ask {
  return async (kind, address, port) =>
    (await output(t, 'exec', container, NODE, '-e', CLIENT, kind, address, String(port))).trim();
}

async function serve(t: ExecutionContext<unknown>, name: string, ...flags: readonly string[]): Promise<void> {
  await run(t, 0, 'run', '-d', '--name', name, ...flags, 'host:', NODE, '-e', SERVER);
  await until(`${name} listens`, async () => (await output(t, 'exec', name, 'sh', '-c', 'ls /tmp')).includes('ready'));
}

async function addressesOf(t: ExecutionContext<unknown>, container: string): Promise<{ ip: string; ip6: string }> {
  const shown = await output(t, 'exec', container, 'cat', '/proc/net/fib_trie', '/proc/net/if_inet6');
  const ip = /\|-- (\S+)\n\s+\/32 host LOCAL/.exec(shown.replaceAll(/127\.0\.0\.1/g, ''))?.[1] ?? '';
  const six = /^(fd[0-9a-f]{30})/m.exec(shown)?.[1] ?? '';
  return { ip, ip6: six.replace(/(.{4})(?!$)/g, '$1:') };
}

/** The bridge has the first address of the subnet. */
const gatewayOf = (ip: string): string => ip.replace(/\.\d+$/, '.1');

/** Of all processes, and those that are mounted. */
function networkNamespaces(): readonly string[] {
  const ofProcesses = readdirSync('/proc').flatMap((pid) => {
    try {
      return /^\d+$/.test(pid) ? readlinkSync(`/proc/${pid}/ns/net`) : [];
    } catch {
      return []; // ended meanwhile
    }
  });
  return [...ofProcesses, ...(readFileSync('/proc/self/mountinfo', 'utf8').match(/net:\[\d+\]/g) ?? [])];
}

async function nothingLeft(t: ExecutionContext<unknown>, host: OwnNetwork): Promise<void> {
  await until('no link is left', async () => (await host.links()).length === 0);
  await until('no file is left', () => readdirSync(join(storeOf(t).runRoot, 'networks')).join() === 'lock');
  const rules = await host.rules().catch(() => '');
  t.notRegex(rules, /container |jump from_|masquerade/);
}

test('a published port is reached on the host, from other containers, and from the container itself', async (t) => {
  if (!requires(t, 'root', 'nsenter', 'nft', 'overlay')) return;
  const host = await ownNetwork(t);
  await run(t, 0, 'network', 'create', '--ipv6', 'blue');
  await serve(t, 'web', '--network', 'blue', '-p', '8080:80', '-p', '8080:80/udp', '-p', '127.0.0.1:9000:80');
  await serve(t, 'other', '--network', 'blue');
  const web = await addressesOf(t, 'web');
  const other = await addressesOf(t, 'other');
  const gateway = gatewayOf(web.ip);
  const ask = fromHost(host);
  t.is(await ask('tcp', '127.0.0.1', 8080), gateway);
  t.is(await ask('tcp', gateway, 8080), gateway);
  t.is(await ask('udp', '127.0.0.1', 8080), gateway);
  t.is(await ask('tcp', '127.0.0.1', 9000), gateway);
  t.is(await ask('tcp', gateway, 9000), 'ECONNREFUSED');
  t.regex(await ask('tcp', '::1', 8080), /^fd.*::1$/);
  // The same bridge: by the host's address it has the bridge's, directly its own.
  t.is(await from(t, 'other')('tcp', gateway, 8080), gateway);
  t.is(await from(t, 'other')('tcp', web.ip, 80), other.ip);
  t.is(await from(t, 'other')('udp', web.ip, 80), other.ip);
  t.is(await from(t, 'web')('tcp', gateway, 8080), gateway);
  const busy = await run(t, 126, 'run', '--rm', '--network', 'blue', '-p', '8080:80', 'host:', 'true');
  t.regex(busy.stderr, /cannot listen on the TCP port: listen tcp4 :8080: bind: address already in use/);
  await run(t, 0, 'rm', '-f', '-t', '0', 'web', 'other');
  t.is(await ask('tcp', '127.0.0.1', 8080), 'ECONNREFUSED');
  await nothingLeft(t, host);
});

for (const { family, address, flags, own } of [
  { family: 'IPv4', address: '127.0.0.1', flags: ['--subnet', '10.77.0.0/24'], own: ['--ip', '10.77.0.5'] },
  { family: 'IPv6', address: 'fd00:9::1', flags: ['--ipv6', '--subnet', 'fd00:7::/64'], own: ['--ip6', 'fd00:7::5'] },
])
  test(`who never stops sending over UDP reaches each life of the container, and nobody else: ${family}`, async (t) => {
    if (!requires(t, 'root', 'nsenter', 'overlay', 'ip')) return;
    const host = await ownNetwork(t);
    await host.run('ip', 'addr', 'add', 'fd00:9::1', 'dev', 'lo');
    await run(t, 0, 'network', 'create', ...flags, 'blue');
    const file = join(temporaryDirectory(t), 'told');
    writeFileSync(file, '');
    const told = (): number => readFileSync(file).length;
    const [command = '', ...words] = storeOf(t).prefix ?? [];
    const client = spawn(command, [...words, NODE, '-e', TELLER, file, address, '8080'], { stdio: 'ignore' });
    t.teardown(() => client.kill('SIGKILL'));
    await serve(t, 'web', '--network', 'blue', ...own, '-p', '8080:80/udp');
    await until('the first life answers', () => told() > 3);
    await run(t, 0, 'stop', '-t', '0', 'web');
    // An answer that was under way is told by now.
    let before = told();
    await until('nothing more is told', async () => {
      const last = before;
      await delay(200);
      before = told();
      return before === last;
    });
    await serve(t, 'other', '--network', 'blue', ...own);
    await delay(200);
    t.is(told(), before);
    await run(t, 0, 'rm', '-f', '-t', '0', 'other');
    await run(t, 0, 'start', 'web');
    await until('the second life answers', () => told() > before + 3);
    await run(t, 0, 'rm', '-f', '-t', '0', 'web');
  });

test('the IPv6 addresses of a new bridge are usable at once', async (t) => {
  if (!requires(t, 'root', 'nsenter', 'overlay', 'ip')) return;
  const host = await ownNetwork(t);
  await run(t, 0, 'network', 'create', '--ipv6', '--interface-name', 'br1', 'blue');
  await run(t, 0, 'run', '-d', '--name', 'web', '--network', 'blue', 'host:', 'sleep', '1000');
  const shown = await host.run('ip', '-6', '-o', 'addr', 'show', 'dev', 'br1');
  t.regex(shown, /inet6 fe80:/);
  t.notRegex(shown, /tentative/);
  // Nor is anybody asked about those to come.
  t.is(await host.run('cat', '/proc/sys/net/ipv6/conf/br1/accept_dad'), '0\n');
  await run(t, 0, 'rm', '-f', '-t', '0', 'web');
});

test('containers of a network reach each other by name and by alias over TCP, UDP and ICMP', async (t) => {
  if (!requires(t, 'root', 'nsenter', 'overlay', 'busybox')) return;
  await ownNetwork(t);
  await run(t, 0, 'network', 'create', 'blue');
  await serve(t, 'web', '--network', 'blue:alias=www');
  await serve(t, 'client', '--network', 'blue');
  const { ip } = await addressesOf(t, 'client');
  for (const name of ['web', 'www']) {
    t.is(await from(t, 'client')('tcp', name, 80), ip);
    t.is(await from(t, 'client')('udp', name, 80), ip);
    await run(t, 0, 'exec', '--privileged', 'client', 'busybox', 'ping', '-c', '1', '-W', '5', name);
  }
});

test('ports that came to lead to a network of another family are taken away at the end', async (t) => {
  if (!requires(t, 'root', 'nsenter', 'nft', 'overlay')) return;
  const host = await ownNetwork(t);
  await run(t, 0, 'network', 'create', 'blue');
  await run(t, 0, 'network', 'create', '--ipv6', '--subnet', 'fd44::/64', 'six');
  await serve(t, 'web', '--network', 'blue', '-p', '8080:80');
  // Keeps the table and the bridge.
  await run(t, 0, 'run', '-d', '--name', 'other', '--network', 'six', 'host:', 'sleep', '1000');
  await run(t, 0, 'network', 'connect', 'six', 'web');
  await run(t, 0, 'network', 'disconnect', 'blue', 'web');
  t.is(await fromHost(host)('tcp', 'fd44::1', 8080), 'fd44::1');
  await run(t, 0, 'rm', '-f', '-t', '0', 'web');
  t.notRegex(await host.rules(), /comment "container/);
  await run(t, 0, 'rm', '-f', '-t', '0', 'other');
  await nothingLeft(t, host);
});

test('of several subnets of one family the first is the way out, and published ports lead there', async (t) => {
  if (!requires(t, 'root', 'nsenter', 'nft', 'overlay', 'ip')) return;
  const host = await ownNetwork(t);
  const subnets = ['10.45.1.0/24', 'fd45:1::/64', '10.45.2.0/24', 'fd45:2::/64'];
  await run(t, 0, 'network', 'create', ...subnets.flatMap((subnet) => ['--subnet', subnet]), 'many');
  await run(t, 0, 'network', 'create', 'blue');
  await serve(t, 'web', '--network', 'many', '-p', '8080:80');
  await run(t, 0, 'run', '-d', '--name', 'later', '--network', 'blue', 'host:', 'sleep', '1000');
  await run(t, 0, 'network', 'connect', 'many', 'later');
  const waysOut = async (name: string, family: string) =>
    (await output(t, 'exec', name, 'ip', family, 'route', 'show', 'default')).match(/via \S+ dev \S+/g);
  t.deepEqual(await waysOut('web', '-4'), ['via 10.45.1.1 dev eth0']);
  t.deepEqual(await waysOut('web', '-6'), ['via fd45:1::1 dev eth0']);
  t.is((await waysOut('later', '-4'))?.at(-1), 'via 10.45.1.1 dev eth1');
  t.deepEqual(await waysOut('later', '-6'), ['via fd45:1::1 dev eth1']);
  const shown = await output(t, 'exec', 'web', 'ip', '-o', 'addr', 'show', 'eth0', 'scope', 'global');
  t.deepEqual(shown.match(/(?<=inet6? )\S+/g)?.sort(), [
    '10.45.1.2/24',
    '10.45.2.2/24',
    'fd45:1::2/64',
    'fd45:2::2/64',
  ]);
  t.deepEqual((await host.rules()).match(/(?<=: )\S+ \. 80\b/g)?.sort(), ['10.45.1.2 . 80', 'fd45:1::2 . 80']);
  t.is(await fromHost(host)('tcp', '127.0.0.1', 8080), '10.45.1.1');
  t.is(await fromHost(host)('tcp', 'fd45:1::1', 8080), 'fd45:1::1');
  await run(t, 0, 'rm', '-f', '-t', '0', 'web', 'later');
  await nothingLeft(t, host);
});

test("the address of a client elsewhere is kept; what leaves has the host's", async (t) => {
  if (!requires(t, 'root', 'nsenter', 'ip', 'nft', 'overlay')) return;
  const host = await ownNetwork(t);
  // Another machine: a namespace at the end of a cable.
  const far = `/proc/${process.pid}/fd/${(await farHost(t, host)).fd}`;
  await run(t, 0, 'network', 'create', 'blue');
  await serve(t, 'web', '--network', 'blue', '-p', '8080:80');
  const farAsk = async (address: string, port: number) =>
    (await host.run('nsenter', `--net=${far}`, NODE, '-e', CLIENT, 'tcp', address, String(port))).trim();
  t.is(await farAsk('192.0.2.1', 8080), '192.0.2.2');
  const [enter = '', ...words] = [...(storeOf(t).prefix ?? []), 'nsenter', `--net=${far}`, NODE, '-e'];
  const server = spawn(enter, [...words, SERVER.replace('/tmp/ready', '/dev/null')], { stdio: 'ignore' });
  t.teardown(() => server.kill('SIGKILL'));
  await until('the far host answers', async () => (await from(t, 'web')('tcp', '192.0.2.2', 80)) === '192.0.2.1');
  t.pass();
});

async function farHost(t: ExecutionContext<unknown>, host: OwnNetwork) {
  const { createNamespace } = await import('../../../src/native/namespace-create.js');
  const far = await createNamespace('net');
  t.teardown(() => {
    far.close();
  });
  const path = `/proc/${process.pid}/fd/${far.fd}`;
  await host.run('ip', 'link', 'add', 'wan', 'type', 'veth', 'peer', 'name', 'lan');
  const holder = host.run('nsenter', `--net=${path}`, 'sleep', '60');
  holder.catch(() => undefined);
  await host.run(
    'sh',
    '-c',
    `ip link set lan netns ${path} 2>/dev/null || ip link set lan netns "$(pgrep -n -f 'sleep 60')"`,
  );
  await host.run('sh', '-c', 'ip addr add 192.0.2.1/24 dev wan; ip link set wan up');
  await host.run(
    'nsenter',
    `--net=${path}`,
    'sh',
    '-c',
    'ip addr add 192.0.2.2/24 dev lan; ip link set lan up; ip link set lo up',
  );
  return far;
}

test('networks do not reach each other, but by published ports; an internal one has no way out', async (t) => {
  if (!requires(t, 'root', 'nsenter', 'nft', 'overlay')) return;
  const host = await ownNetwork(t);
  for (const name of ['blue', 'red']) await run(t, 0, 'network', 'create', name);
  for (const name of ['open', 'free']) await run(t, 0, 'network', 'create', '-o', 'isolate=false', name);
  await run(t, 0, 'network', 'create', '--internal', 'inner');
  await serve(t, 'web', '--network', 'blue', '-p', '8080:80');
  await serve(t, 'client', '--network', 'red');
  await serve(t, 'inside', '--network', 'inner');
  await serve(t, 'one', '--network', 'open');
  await serve(t, 'other', '--network', 'free');
  const web = await addressesOf(t, 'web');
  const client = await addressesOf(t, 'client');
  const inside = await addressesOf(t, 'inside');
  t.is(await from(t, 'client')('tcp', web.ip, 80), 'timeout');
  t.is(await from(t, 'client')('tcp', gatewayOf(client.ip), 8080), gatewayOf(web.ip));
  t.is(await from(t, 'client')('tcp', inside.ip, 80), 'timeout');
  // Who does without isolation reaches who does as well.
  const one = await addressesOf(t, 'one');
  t.is(await from(t, 'other')('tcp', one.ip, 80), gatewayOf(one.ip));
  t.regex(await from(t, 'inside')('tcp', web.ip, 80), /ENETUNREACH|timeout/);
  // Replies to it are let in; what a container addresses to the host's loopback is not.
  t.regex(await host.rules(), /iifname @bridges ip daddr 127\.0\.0\.0\/8 drop/);
});

test('isolation: who reaches whom directly, and all their published ports', async (t) => {
  if (!requires(t, 'root', 'nsenter', 'nft', 'overlay')) return;
  const host = await ownNetwork(t);
  const options = {
    plain: [],
    other: [],
    closed: ['true'],
    shut: ['true'],
    strict: ['strict'],
    open: ['false'],
    free: ['0'],
  };
  const names = Object.keys(options);
  const places: string[] = [];
  for (const [index, [name, values]] of Object.entries(options).entries()) {
    const subnet = ['--subnet', `10.60.${index}.0/24`];
    await run(t, 0, 'network', 'create', ...subnet, ...values.flatMap((value) => ['-o', `isolate=${value}`]), name);
    await serve(t, name, '--network', name, '-p', `${7000 + index}:80`);
    places.push(`10.60.${index}.2:80`);
  }
  const reached: Record<string, string> = {};
  for (const [index, name] of names.entries()) {
    const published = names.map((_, number) => `10.60.${index}.1:${7000 + number}`);
    const found = await output(t, 'exec', name, NODE, '-e', REACHED, ...places, ...published);
    const numbers = JSON.parse(found) as number[];
    t.deepEqual(
      numbers.slice(-names.length),
      names.map((_, number) => places.length + number),
      name,
    );
    reached[name] = numbers
      .slice(0, -names.length)
      .map((number) => names[number])
      .join();
  }
  t.deepEqual(reached, {
    plain: 'plain',
    other: 'other',
    closed: 'closed,open,free',
    shut: 'shut,open,free',
    strict: 'strict',
    open: 'closed,shut,open,free',
    free: 'closed,shut,open,free',
  });
  await run(t, 0, 'rm', '-f', '-t', '0', ...names);
  await nothingLeft(t, host);
});

test('an internal network has no way out, whatever routes its container makes (CVE-2024-29018)', async (t) => {
  if (!requires(t, 'root', 'nsenter', 'ip', 'overlay')) return;
  const host = await ownNetwork(t);
  const far = `/proc/${process.pid}/fd/${(await farHost(t, host)).fd}`;
  await run(t, 0, 'network', 'create', 'outer');
  await run(t, 0, 'network', 'create', '--internal', 'inner');
  const answers: string[] = [];
  for (const name of ['outer', 'inner']) {
    await serve(t, name, '--network', name);
    const gateway = gatewayOf((await addressesOf(t, name)).ip);
    // There is a way back.
    const subnet = gateway.replace(/1$/, '0/24');
    await host.run('nsenter', `--net=${far}`, 'ip', 'route', 'add', subnet, 'via', '192.0.2.1');
    await run(t, 0, 'exec', '--privileged', name, 'ip', 'route', 'replace', 'default', 'via', gateway);
    answers.push(await from(t, name)('tcp', '192.0.2.2', 80));
  }
  // Nobody listens there, who says so where the question arrives.
  t.deepEqual(answers, ['ECONNREFUSED', 'timeout']);
});

test('killed with their monitors, containers leave nothing after one command', async (t) => {
  if (!requires(t, 'root', 'nsenter', 'nft', 'overlay')) return;
  const host = await ownNetwork(t);
  const count = Number(process.env['TSPOD_TEST_MANY'] ?? 8);
  const subnet = count < 250 ? '10.62.0.0/24' : '10.62.0.0/16';
  await run(t, 0, 'network', 'create', '--subnet', subnet, 'blue');
  const names = Array.from({ length: count }, (_, index) => `many${index}`);
  await Promise.all(
    names.map((name, index) =>
      run(
        t,
        0,
        'run',
        '-d',
        '--name',
        name,
        '--network',
        'blue',
        '-p',
        `${20_000 + index}:80`,
        'host:',
        'sleep',
        '600',
      ),
    ),
  );
  t.is((await host.rules()).match(/comment "container/g)?.length, count);
  t.is((await host.links()).length, count + 1);
  const namespaces = new Set<string>();
  const killed: number[] = [];
  for (const id of readdirSync(join(storeOf(t).runRoot, 'c'))) {
    const state = readFileSync(join(storeOf(t).runRoot, 'c', id, 'state'), 'utf8');
    namespaces.add(readlinkSync(`/proc/${/^init (\d+)/m.exec(state)?.[1]}/ns/net`));
    killed.push(...[...state.matchAll(/^(?:monitor|init) (\d+)/gm)].map(([, pid]) => Number(pid)));
  }
  for (const pid of killed) process.kill(pid, 'SIGKILL');
  await untilGone(...killed);
  t.is(namespaces.size, count);
  t.is((await output(t, 'ps', '-q')).trim(), '');
  t.deepEqual(await host.links(), []);
  await nothingLeft(t, host);
  // Another test may have one for a while that the kernel has given the same number.
  await until('their namespaces are gone', () => !networkNamespaces().some((net) => namespaces.has(net)));
  t.false(readFileSync('/proc/self/mountinfo', 'utf8').includes(`${storeOf(t).root}/containers`));
  // The addresses are free.
  for (const last of [2, count + 1])
    await run(t, 0, 'run', '--rm', '--network', 'blue', '--ip', `10.62.0.${Math.min(last, 254)}`, 'host:', 'true');
});

test('run with a bridge and a published port starts no program but its own, the monitor and the command', async (t) => {
  if (!requires(t, 'root', 'nsenter', 'overlay', 'strace')) return;
  await ownNetwork(t);
  const trace = join(temporaryDirectory(t), 'trace');
  const store = storeOf(t);
  const { prefix } = store;
  store.prefix = [...(prefix ?? []), 'strace', '-f', '-qq', '-e', 'trace=execve,execveat', '-o', trace];
  await run(t, 0, 'run', '--rm', '--network', 'bridge', '-p', '8080:80', 'host:', 'true');
  store.prefix = prefix ?? [];
  const started = [...readFileSync(trace, 'utf8').matchAll(/execve(?:at)?\(.*\) += 0$/gm)].map(
    ([line]) => /\["([^"]*)"/.exec(line)?.[1]?.split('/').at(-1) ?? line,
  );
  t.deepEqual(started.toSorted(), ['node', 'true', 'tspod', 'tspod-monitor'], started.join());
});

test('the monitor starts a container again in the network namespace that it had', async (t) => {
  if (!requires(t, 'root', 'nsenter', 'overlay')) return;
  await ownNetwork(t);
  const directory = temporaryDirectory(t);
  writeFileSync(join(directory, 'log'), '');
  await run(t, 0, 'network', 'create', 'blue');
  const script = 'readlink /proc/self/ns/net >> /d/log; grep -c eth0 /proc/net/dev >> /d/log; exit 1';
  await run(
    t,
    0,
    'run',
    '-d',
    '--name',
    'again',
    '--restart',
    'on-failure:2',
    '--network',
    'blue',
    '-v',
    `${directory}:/d`,
    'host:',
    'sh',
    '-c',
    script,
  );
  await run(t, 0, 'wait', 'again');
  const lines = readFileSync(join(directory, 'log'), 'utf8').trim().split('\n');
  t.is(lines.length, 6);
  t.is(new Set(lines).size, 2);
});

test('an update leaves a container the networks and ports of its launch, also after a restart by policy', async (t) => {
  if (!requires(t, 'root', 'nsenter', 'nft', 'overlay')) return;
  const host = await ownNetwork(t);
  await run(t, 0, 'network', 'create', 'blue');
  await serve(t, 'web', '--network', 'blue', '-p', '8080:80');
  await run(t, 0, 'network', 'create', 'late');
  await run(t, 0, 'network', 'connect', 'late', 'web');
  await run(t, 0, 'update', '--restart', 'always', 'web');
  const first = await output(t, 'inspect', '--format', '{{.State.Pid}}', 'web');
  process.kill(Number(first), 'SIGKILL');
  await until('the port is reached again', async () =>
    (await fromHost(host)('tcp', '127.0.0.1', 8080)).startsWith('10.'),
  );
  t.not(await output(t, 'inspect', '--format', '{{.State.Pid}}', 'web'), first);
  await run(t, 0, 'stop', '--time', '0', 'web');
  await nothingLeft(t, host);
});

test('an egress list: what it does not allow is dropped, replies are not; who could change it is refused', async (t) => {
  if (!requires(t, 'root', 'nsenter', 'nft', 'overlay')) return;
  const host = await ownNetwork(t);
  await run(t, 0, 'network', 'create', 'blue');
  await serve(t, 'web', '--network', 'blue');
  const web = await addressesOf(t, 'web');
  await serve(t, 'bound', '--network', 'blue', '--egress', `allow=${web.ip}:80`, '-p', '8080:80');
  await serve(t, 'barred', '--network', 'blue', '--egress', `deny=${web.ip}`);
  const gateway = gatewayOf(web.ip);
  t.regex(await from(t, 'bound')('tcp', web.ip, 80), /^\d/);
  t.is(await from(t, 'bound')('udp', web.ip, 81), 'timeout');
  t.is(await from(t, 'bound')('tcp', gateway, 8080), 'timeout');
  t.is(await fromHost(host)('tcp', '127.0.0.1', 8080), gateway);
  t.is(await from(t, 'barred')('tcp', web.ip, 80), 'timeout');
  t.is(await from(t, 'barred')('tcp', gateway, 9), 'ECONNREFUSED');
  for (const capability of ['NET_ADMIN', 'NET_RAW']) {
    const flags = ['--network', 'blue', '--egress', 'allow=192.0.2.1', '--cap-add', capability];
    const refused = await run(t, 126, 'run', '--rm', ...flags, 'host:', 'true');
    t.regex(refused.stderr, new RegExp(`egress cannot be enforced on a container with CAP_${capability}`));
  }
});

test('who joins the network of a container with an egress list cannot change the list', async (t) => {
  if (!requires(t, 'root', 'nsenter', 'overlay')) return;
  await ownNetwork(t);
  await run(t, 0, 'network', 'create', 'blue');
  await serve(t, 'web', '--network', 'blue');
  const web = await addressesOf(t, 'web');
  await serve(t, 'bound', '--network', 'blue', '--egress', 'allow=192.0.2.1');
  const join = ['run', '--rm', '--network', 'container:bound'];
  for (const [flags, capability] of [
    [['--cap-add', 'NET_ADMIN'], 'NET_ADMIN'],
    [['--cap-add', 'NET_RAW'], 'NET_RAW'],
    [['--privileged'], 'NET_ADMIN'],
  ] as const) {
    const refused = await run(t, 126, ...join, ...flags, 'host:', 'true');
    t.regex(refused.stderr, new RegExp(`egress of container [0-9a-f]{64} cannot be .* with CAP_${capability}`));
  }
  await run(t, 0, 'run', '-d', '--name', 'between', '--network', 'container:bound', 'host:', 'sleep', '1000');
  const chained = await run(t, 126, 'run', '--rm', '--network', 'container:between', '--privileged', 'host:', 'true');
  t.regex(chained.stderr, /egress of container [0-9a-f]{64} cannot be/);
  t.is(await from(t, 'between')('tcp', web.ip, 80), 'timeout');
  const exec = await run(t, 125, 'exec', '--privileged', 'bound', 'true');
  t.regex(exec.stderr, /egress cannot be enforced on a container with CAP_NET_ADMIN/);
  await run(t, 125, 'exec', '--privileged', 'between', 'true');
  await run(t, 0, 'exec', '--privileged', 'web', 'true');
  const path = `ns:/proc/${(await output(t, 'inspect', '--format', '{{.State.Pid}}', 'bound')).trim()}/ns/net`;
  const byPath = await run(t, 126, 'run', '--rm', '--network', path, '--cap-add', 'NET_ADMIN', 'host:', 'true');
  t.regex(byPath.stderr, /egress of container [0-9a-f]{64} cannot be/);
  await run(t, 0, 'run', '-d', '--name', 'path', '--network', path, 'host:', 'sleep', '1000');
  await run(t, 125, 'exec', '--privileged', 'path', 'true');
  t.is(await from(t, 'path')('tcp', web.ip, 80), 'timeout');
});

interface ShownEgress {
  readonly Rule: string;
  readonly Action: string;
  readonly Packets: number;
  readonly Bytes: number;
}

test('inspect tells what an egress list has counted, also of one who has joined', async (t) => {
  if (!requires(t, 'root', 'nsenter', 'overlay')) return;
  await ownNetwork(t);
  await run(t, 0, 'network', 'create', 'blue');
  await serve(t, 'web', '--network', 'blue');
  const web = await addressesOf(t, 'web');
  const [allowed, denied] = [`${web.ip}:80`, `${web.ip}:81`];
  await serve(t, 'bound', '--network', 'blue', '--egress', `allow=${allowed}`, '--egress', `deny=${denied}`);
  const shown = async (name: string): Promise<readonly ShownEgress[]> =>
    JSON.parse(await output(t, 'inspect', '--format', '{{json .NetworkSettings.Egress}}', name)) as ShownEgress[];
  const [, , restBefore] = await shown('bound');
  t.like(restBefore, { Rule: 'everything else', Action: 'deny' });
  t.regex(await from(t, 'bound')('tcp', web.ip, 80), /^\d/);
  t.is(await from(t, 'bound')('udp', web.ip, 81), 'timeout');
  t.is(await from(t, 'bound')('udp', web.ip, 82), 'timeout');
  // One byte each over UDP, after 28 of headers; of the connection over TCP that is allowed the first packet.
  const counted = [
    { Rule: denied, Action: 'deny', Packets: 1, Bytes: 29 },
    { Rule: allowed, Action: 'allow', Packets: 1, Bytes: 60 },
  ];
  const after = await shown('bound');
  t.deepEqual(after.slice(0, 2), counted);
  // Reports of multicast groups are in there, too.
  t.true((after[2]?.Packets ?? 0) > (restBefore?.Packets ?? 0));
  await run(t, 0, 'run', '-d', '--name', 'joined', '--network', 'container:bound', 'host:', 'sleep', '1000');
  t.deepEqual((await shown('joined')).slice(0, 2), counted);
  const leave = ['unshare', '-U', '-r', '-n', 'sleep', '1000'];
  await run(t, 0, 'run', '-d', '--name', 'left', '--network', 'container:bound', 'host:', ...leave);
  await until('it has left', async () => !(await output(t, 'exec', 'left', 'cat', '/proc/net/dev')).includes('eth0'));
  t.deepEqual((await shown('left')).slice(0, 2), counted);
  t.notRegex(await output(t, 'inspect', 'web'), /"Egress"/);
  await run(t, 0, 'stop', '-t', '0', 'bound');
  t.notRegex(await output(t, 'inspect', 'bound'), /"Egress"/);
});
