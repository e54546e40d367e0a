/** Names on networks over DNS, by aardvark-dns: what containers hear, and that the program goes with the last of them. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import test, { type ExecutionContext } from 'ava';

import { defined } from '../../../src/util/defined.js';
import { busyboxRoot } from '../../helpers/busybox.js';
import { KILLED_BY_SIGNAL, collect, output, run, runWith, start, storeOf, type CliResult } from '../../helpers/cli.js';
import { until } from '../../helpers/until.js';
import { testNetwork, type TestNetwork } from '../../helpers/network.js';
import { untilGone } from '../../helpers/processes.js';
import { requires } from '../../helpers/requires.js';

const SLEEP = ['sleep', '1000'] as const;

interface Place {
  readonly network: TestNetwork;
  /** Words of run: a root with busybox. */
  readonly root: readonly string[];
}

/** Undefined: the test is skipped. `resolvConf` as of testNetwork(). */
async function place(t: ExecutionContext, resolvConf?: string): Promise<Place | undefined> {
  if (!requires(t, 'root', 'busybox', 'overlay', 'unshare', 'nsenter', 'aardvark-dns')) return undefined;
  const network = await testNetwork(t, defined({ resolvConf }));
  return { network, root: ['--rootfs', `${busyboxRoot(t)}:O`] };
}

function directoryOf(t: ExecutionContext): string {
  return join(storeOf(t).runRoot, 'networks/dns');
}

/** Pids of the store's name servers. One that has ended, and that nobody has reaped, has no words. */
function nameServers(t: ExecutionContext): readonly number[] {
  const isOurs = (pid: string): boolean => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(directoryOf(t));
    } catch {
      return false;
    }
  };
  return readdirSync('/proc')
    .filter((pid) => /^\d+$/.test(pid) && isOurs(pid))
    .map(Number);
}

function namesFiles(t: ExecutionContext): readonly string[] {
  return readdirSync(directoryOf(t)).filter((name) => name !== 'aardvark.pid');
}

/** Options for a command whose name server is this script. */
function helper({ root }: Place, script: string): { readonly env: Readonly<Record<string, string>> } {
  const helpers = join(root[1]?.split(':', 1)[0] ?? '', 'helpers');
  mkdirSync(helpers);
  writeFileSync(join(helpers, 'aardvark-dns'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return { env: { TSPOD_TEST: '1', TSPOD_HELPERS: helpers } };
}

async function noNameServer(t: ExecutionContext): Promise<void> {
  await until('the name server ends', () => nameServers(t).length === 0);
  // Whoever ends it removes its files once it has ended: a monitor at its own time.
  await until('its directory goes', () => !existsSync(directoryOf(t)));
}

const ask = (t: ExecutionContext, from: string, ...words: readonly string[]): Promise<CliResult> =>
  collect(start(t, {}, 'exec', from, 'busybox', 'nslookup', ...words));

/** The program reads what has changed at its own time, and listens to nobody meanwhile. */
async function hears(t: ExecutionContext, from: string, name: string, addresses: readonly string[]): Promise<void> {
  const asText = addresses.join();
  await until(`${from} hears ${asText} for ${name}`, async () => (await lookUp(t, from, name)).join() === asText);
}

/** The addresses that a container hears for a name. */
async function lookUp(t: ExecutionContext, from: string, name: string): Promise<readonly string[]> {
  const { stdout } = await ask(t, from, name);
  const answers = stdout.slice(stdout.indexOf('\n\n'));
  return [...answers.matchAll(/^Address: (\S+)$/gm)].map(([, address = '']) => address).toSorted();
}

const resolv = (t: ExecutionContext, name: string): Promise<string> =>
  output(t, 'exec', name, 'cat', '/etc/resolv.conf');

/** Of one network. */
async function addressesOf(t: ExecutionContext, name: string, network: string): Promise<readonly string[]> {
  const format = `{{with index .NetworkSettings.Networks "${network}"}}{{.IPAddress}} {{.GlobalIPv6Address}}{{end}}`;
  return (await output(t, 'inspect', '--format', format, name)).trim().split(' ').filter(Boolean).toSorted();
}

/** A name server of the test's host that answers 203.0.113.9 to everything: the names that it was asked for. */
async function stubServer(t: ExecutionContext, network: TestNetwork, address: string): Promise<readonly string[]> {
  network.inside('ip', 'addr', 'add', `${address}/32`, 'dev', 'lo');
  const script = `
    const socket = require('node:dgram').createSocket('udp4');
    socket.on('message', (query, from) => {
      let name = '';
      let at = 12;
      for (; query[at] !== 0; at += query[at] + 1) name += query.toString('latin1', at + 1, at + 1 + query[at]) + '.';
      const question = query.subarray(12, at + 5);
      const isIpv4 = query.readUInt16BE(at + 1) === 1;
      console.log(name);
      const head = Buffer.from([query[0], query[1], 0x81, 0x80, 0, 1, 0, isIpv4 ? 1 : 0, 0, 0, 0, 0]);
      const answer = Buffer.from([0xc0, 0x0c, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4, 203, 0, 113, 9]);
      socket.send(Buffer.concat([head, question, ...(isIpv4 ? [answer] : [])]), from.port, from.address);
    });
    socket.bind(53, '${address}', () => console.log('ready'));`;
  const server = spawn('nsenter', [`--net=${network.path}`, process.execPath, '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.teardown(() => server.kill('SIGKILL'));
  await once(server.stdout, 'data');
  const asked: string[] = [];
  server.stdout.setEncoding('utf8').on('data', (text: string) => asked.push(...text.trim().split('\n')));
  return asked;
}

test('names, aliases and short ids are told over DNS, back as well, for as long as their container runs', async (t) => {
  const here = await place(t);
  if (here === undefined) return;
  await run(t, 0, 'network', 'create', '--ipv6', 'web');
  await run(t, 0, 'network', 'create', 'other');
  const runs = (...words: readonly string[]): Promise<CliResult> =>
    run(t, 0, 'run', '-d', ...words, ...here.root, ...SLEEP);
  await runs('--name', 'a', '--network', 'web:alias=alfa');
  const { stdout: id } = await runs('--name', 'b', '--network', 'web', '--network-alias', 'beta');
  await runs('--name', 'c', '--network', 'other');
  t.is(nameServers(t).length, 1, 'one for all networks');
  t.regex(await resolv(t, 'a'), /^search dns\.podman\nnameserver 10\.\S+\.1\nnameserver fd\S+::1\n(options .*\n)?$/);

  const [b, a] = [await addressesOf(t, 'b', 'web'), await addressesOf(t, 'a', 'web')];
  t.is(b.length, 2);
  for (const name of ['b', 'beta', 'b.dns.podman', id.slice(0, 12)]) await hears(t, 'a', name, b);
  await hears(t, 'b', 'alfa', a);
  for (const address of b) t.regex((await ask(t, 'a', address)).stdout, /name = b\.?$/m, address);
  t.deepEqual(await lookUp(t, 'c', 'alfa'), [], 'it is on another network');

  await run(t, 0, 'stop', '-t', '0', 'b');
  await until('its name is gone', async () => /can't find beta.*NXDOMAIN/.test((await ask(t, 'a', 'beta')).stdout));
  await run(t, 0, 'start', 'b');
  await hears(t, 'a', 'beta', await addressesOf(t, 'b', 'web'));
  const [pid] = nameServers(t);
  await run(t, 0, 'rm', '-f', '-t', '0', 'a', 'b');
  t.deepEqual(nameServers(t), [pid], 'c is there');
  await hears(t, 'c', 'c', await addressesOf(t, 'c', 'other'));
  await run(t, 0, 'rm', '-f', '-t', '0', 'c');
  await noNameServer(t);
});

test('the name server ends with the last container, also where no command is there', async (t) => {
  const here = await place(t);
  if (here === undefined) return;
  await run(t, 0, 'network', 'create', 'web');
  const waits = ['sh', '-c', 'trap "exit 0" USR1; echo up; while :; do sleep 0.05; done'] as const;
  for (const name of ['a', 'b']) {
    await run(t, 0, 'run', '-d', '--name', name, '--network', 'web', ...here.root, ...waits);
    await until('it listens to signals', async () => (await output(t, 'logs', name)) === 'up\n');
  }
  const end = async (name: string): Promise<void> => {
    process.kill(Number(await output(t, 'inspect', '--format', '{{.State.Pid}}', name)), 'SIGUSR1');
  };
  const [pid] = nameServers(t);
  const [file = ''] = namesFiles(t);
  const told = (): string => readFileSync(join(directoryOf(t), file), 'utf8');
  t.regex(told(), / a,[0-9a-f]{12}$/m);
  await end('a');
  await until('its line goes', () => !/ a,/.test(told()));
  t.regex(told(), / b,[0-9a-f]{12}$/m);
  t.deepEqual(nameServers(t), [pid]);
  await end('b');
  await noNameServer(t);
  // Another can start at once.
  await run(t, 0, 'start', 'a');
  await hears(t, 'a', 'a', await addressesOf(t, 'a', 'web'));
  t.is(nameServers(t).length, 1);
});

test("other names are asked for at the container's servers, the network's, or nowhere from an internal one", async (t) => {
  const here = await place(t);
  if (here === undefined) return;
  const own = await stubServer(t, here.network, '192.0.2.53');
  const networks = await stubServer(t, here.network, '192.0.2.54');
  await run(t, 0, 'network', 'create', '--dns', '192.0.2.54', 'web');
  await run(t, 0, 'network', 'create', '--internal', '--dns', '192.0.2.54', 'inner');
  const runs = (name: string, ...words: readonly string[]): Promise<CliResult> =>
    run(t, 0, 'run', '-d', '--name', name, ...words, ...here.root, ...SLEEP);
  await runs('a', '--network', 'web', '--dns', '192.0.2.53', '--dns-search', 'corp.example');
  await runs('b', '--network', 'web');
  await runs('c', '--network', 'inner', '--dns', '192.0.2.53');
  t.regex(await resolv(t, 'a'), /^search corp\.example\nnameserver 10\.\S+\.1\n(options .*\n)?$/);
  await hears(t, 'a', 'own.example', ['203.0.113.9']);
  await hears(t, 'b', 'networks.example', ['203.0.113.9']);
  await hears(t, 'a', 'b.dns.podman', await addressesOf(t, 'b', 'web'));
  t.deepEqual(await lookUp(t, 'c', 'inner.example'), []);
  await hears(t, 'c', 'c', await addressesOf(t, 'c', 'inner'));
  t.true(own.includes('own.example.') && !own.includes('networks.example.'));
  t.true(networks.includes('networks.example.') && !networks.includes('own.example.'));
  t.false([...own, ...networks].some((name) => name.startsWith('inner.')));
});

test('no name server: without the program, on the default network, with --disable-dns, and with an egress list', async (t) => {
  const here = await place(t);
  if (here === undefined) return;
  await run(t, 0, 'network', 'create', 'web');
  await run(t, 0, 'network', 'create', '--disable-dns', 'silent');
  const shown = ['cat', '/etc/resolv.conf', '/etc/hosts'] as const;
  const missing = { env: { TSPOD_TEST: '1', TSPOD_HELPERS: '/nonexistent' } };
  const with_ = async (options: typeof missing | object, ...words: readonly string[]): Promise<string> =>
    (await runWith(t, options, 0, 'run', '--rm', '--dns', '192.0.2.53', ...words, ...here.root, ...shown)).stdout;
  for (const found of [
    await with_(missing, '--network', 'web'),
    await with_({}, '--network', 'bridge'),
    await with_({}, '--network', 'silent'),
    await with_({}, '--network', 'web', '--egress', 'allow=192.0.2.53:53', '--cap-drop', 'NET_RAW'),
  ]) {
    t.regex(found, /^nameserver 192\.0\.2\.53$/m);
    t.notRegex(found, /dns\.podman|^nameserver 10\./m);
  }
  await runWith(t, missing, 0, 'run', '-d', '--name', 'a', '--network', 'web', ...here.root, ...SLEEP);
  t.deepEqual(nameServers(t), []);
  // Who has no name server finds others by the file.
  await runWith(t, missing, 0, 'run', '-d', '--name', 'b', '--network', 'web', ...here.root, ...SLEEP);
  t.regex(await output(t, 'exec', 'a', 'cat', '/etc/hosts'), /\tb /);
});

test('a port 53 that somebody has: the start fails with the reason, and leaves nothing', async (t) => {
  const here = await place(t);
  if (here === undefined) return;
  const script = `require('node:dgram').createSocket('udp4').bind(53, '0.0.0.0', () => console.log('ready'))`;
  const other = spawn('nsenter', [`--net=${here.network.path}`, process.execPath, '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.teardown(() => other.kill('SIGKILL'));
  await once(other.stdout, 'data');
  await run(t, 0, 'network', 'create', '--subnet', '10.51.0.0/24', 'web');
  const words = ['run', '--rm', '--name', 'a', '--network', 'web', ...here.root, 'true'];
  const { stderr } = await run(t, 126, ...words);
  t.regex(stderr, /^Error: cannot resolve names on network web: another program listens on port 53 of 10\.51\.0\.1, /);
  t.deepEqual(here.network.links(), ['lo']);
  await noNameServer(t);
  other.kill('SIGKILL');
  await once(other, 'exit');
  await run(t, 0, ...words);
});

test('a program that fails: what it says, and nothing is left', async (t) => {
  const here = await place(t);
  if (here === undefined) return;
  await run(t, 0, 'network', 'create', 'web');
  const words = ['run', '--rm', '--network', 'web', ...here.root, 'true'];
  const options = helper(here, 'echo out of order >&2; exit 3');
  const { stderr } = await runWith(t, options, 126, ...words);
  t.regex(stderr, /^Error: cannot resolve names on networks: \S+aardvark-dns failed: out of order\n/);
  t.deepEqual(here.network.links(), ['lo']);
  t.false(existsSync(directoryOf(t)));
});

test('a program that does not come to an end: the start fails within seconds, and leaves nothing', async (t) => {
  const here = await place(t);
  if (here === undefined) return;
  await run(t, 0, 'network', 'create', 'web');
  const options = helper(here, 'echo thinking >&2; exec sleep 1000');
  const { stderr } = await runWith(t, options, 126, 'run', '--rm', '--network', 'web', ...here.root, 'true');
  t.regex(stderr, /^Error: cannot resolve names on networks: \S+aardvark-dns did not start within 5 s: thinking\n/);
  t.deepEqual(here.network.links(), ['lo']);
  t.false(existsSync(directoryOf(t)));
});

test('names of those that run stay: a launch that fails, a network that cannot be read, a file that is lost', async (t) => {
  const here = await place(t);
  if (here === undefined) return;
  for (const name of ['web', 'other']) await run(t, 0, 'network', 'create', name);
  const runs = (name: string, network: string): Promise<CliResult> =>
    run(t, 0, 'run', '-d', '--name', name, '--network', network, ...here.root, ...SLEEP);
  await runs('a', 'web');
  await runs('b', 'web');
  const address = await addressesOf(t, 'b', 'web');
  const isTold = async (): Promise<boolean> => (await lookUp(t, 'a', 'b'))[0] === address[0];

  for (const pid of nameServers(t)) process.kill(pid, 'SIGKILL');
  await until('it is gone', () => nameServers(t).length === 0);
  const words = ['run', '--rm', '--network', 'web', ...here.root, 'true'];
  await runWith(t, helper(here, 'exit 3'), 126, ...words);
  await run(t, 0, 'ps');
  await until('it listens', isTold);

  const file = join(storeOf(t).root, 'networks/web.json');
  const text = readFileSync(file, 'utf8');
  writeFileSync(file, '{');
  for (const pid of nameServers(t)) process.kill(pid, 'SIGKILL');
  await until('it is gone', () => nameServers(t).length === 0);
  await run(t, 0, 'ps');
  await until('it listens', isTold);
  await runs('c', 'other');
  await until('it still listens', isTold);
  writeFileSync(file, text);

  const told = namesFiles(t).find((name) => readFileSync(join(directoryOf(t), name), 'utf8').includes(' b,')) ?? '';
  unlinkSync(join(directoryOf(t), told));
  await runs('d', 'other');
  await until('it listens', isTold);
});

test('network update: those that run ask the new servers', async (t) => {
  const here = await place(t);
  if (here === undefined) return;
  const [own, old, other] = [
    await stubServer(t, here.network, '192.0.2.53'),
    await stubServer(t, here.network, '192.0.2.54'),
    await stubServer(t, here.network, '192.0.2.55'),
  ];
  await run(t, 0, 'network', 'create', '--dns', '192.0.2.54', 'web');
  await run(t, 0, 'run', '-d', '--name', 'a', '--network', 'web', ...here.root, ...SLEEP);
  await run(t, 0, 'run', '-d', '--name', 'b', '--network', 'web', '--dns', '192.0.2.53', ...here.root, ...SLEEP);
  await hears(t, 'a', 'first.example', ['203.0.113.9']);
  await run(t, 0, 'network', 'update', '--dns-drop', '192.0.2.54', '--dns-add', '192.0.2.55', 'web');
  await until('the new server is asked', async () => {
    await lookUp(t, 'a', 'second.example');
    return other.includes('second.example.');
  });
  await hears(t, 'b', 'own.example', ['203.0.113.9']);
  t.true(old.includes('first.example.'));
  t.true(own.includes('own.example.'));
});

test('disconnect: one that is left without a name server gets those that it would have started with', async (t) => {
  const here = await place(t);
  if (here === undefined) return;
  await run(t, 0, 'network', 'create', 'web');
  const words = ['--network', 'web', '--dns', '192.0.2.53', ...here.root, ...SLEEP];
  await run(t, 0, 'run', '-d', '--name', 'a', ...words);
  await run(t, 0, 'network', 'connect', 'tspod', 'a');
  t.notRegex(await resolv(t, 'a'), /192\.0\.2\.53/);
  await run(t, 0, 'network', 'disconnect', 'web', 'a');
  t.deepEqual((await resolv(t, 'a')).match(/^nameserver.*$/gm), ['nameserver 192.0.2.53']);
});

test('disconnect: what is left without IPv6 gets no IPv6 servers', async (t) => {
  const here = await place(t, 'nameserver 2001:db8::53\nnameserver 192.0.2.1\n');
  if (here === undefined) return;
  await run(t, 0, 'network', 'create', '--ipv6', 'six');
  await run(t, 0, 'run', '-d', '--name', 'a', '--network', 'six', ...here.root, ...SLEEP);
  await run(t, 0, 'network', 'connect', 'tspod', 'a');
  await run(t, 0, 'network', 'disconnect', 'six', 'a');
  t.deepEqual((await resolv(t, 'a')).match(/^nameserver.*$/gm), ['nameserver 192.0.2.1']);
});

test('connect and disconnect: names and name servers at once', async (t) => {
  const here = await place(t);
  if (here === undefined) return;
  for (const name of ['web', 'db']) await run(t, 0, 'network', 'create', name);
  await run(t, 0, 'run', '-d', '--name', 'a', '--network', 'bridge', '--dns', '192.0.2.53', ...here.root, ...SLEEP);
  await run(t, 0, 'run', '-d', '--name', 'b', '--network', 'db', ...here.root, ...SLEEP);
  t.is((await resolv(t, 'a')).match(/^nameserver/gm)?.length, 1);
  await run(t, 0, 'network', 'connect', '--alias', 'extra', 'db', 'a');
  t.regex(await resolv(t, 'a'), /^nameserver 10\.\S+\.1\nnameserver 192\.0\.2\.53$/m);
  await hears(t, 'b', 'extra', await addressesOf(t, 'a', 'db'));
  await hears(t, 'a', 'b', await addressesOf(t, 'b', 'db'));
  await run(t, 0, 'network', 'disconnect', 'db', 'a');
  t.regex(await resolv(t, 'a'), /^nameserver 192\.0\.2\.53$/m);
  t.notRegex(await resolv(t, 'a'), /nameserver 10\./);
  await hears(t, 'b', 'extra', []);
  await run(t, 0, 'network', 'connect', 'web', 'a');
  await run(t, 0, 'rm', '-f', '-t', '0', 'b');
  t.is(nameServers(t).length, 1);
  // Its monitor was not told of the network.
  await run(t, 0, 'kill', 'a');
  await noNameServer(t);
});

test("name servers of internal networks, which know no other names, come after other networks'", async (t) => {
  const here = await place(t);
  if (here === undefined) return;
  await run(t, 0, 'network', 'create', '--internal', '--subnet', '10.56.0.0/24', 'closed');
  await run(t, 0, 'network', 'create', '--subnet', '10.57.0.0/24', 'web');
  await run(t, 0, 'run', '-d', '--name', 'a', '--network', 'closed,web', ...here.root, ...SLEEP);
  await run(t, 0, 'run', '-d', '--name', 'b', '--network', 'web', ...here.root, ...SLEEP);
  await run(t, 0, 'network', 'connect', 'closed', 'b');
  for (const name of ['a', 'b'])
    t.regex(await resolv(t, name), /^nameserver 10\.57\.0\.1\nnameserver 10\.56\.0\.1$/m, name);
  await run(t, 0, 'network', 'disconnect', 'closed', 'b');
  t.deepEqual((await resolv(t, 'b')).match(/^nameserver.*$/gm), ['nameserver 10.57.0.1']);
  await run(t, 0, 'rm', '-f', '-t', '0', 'a', 'b');
});

test('kill -9 of the command, of the monitor or of the name server: the next command puts it right', async (t) => {
  const here = await place(t);
  if (here === undefined) return;
  await run(t, 0, 'network', 'create', 'web');
  const sleep = (name: string): string[] => ['run', '-d', '--name', name, '--network', 'web', ...here.root, ...SLEEP];
  const killed = async (point: string, ...args: readonly string[]): Promise<void> => {
    const { status } = await collect(start(t, { env: { TSPOD_TEST: '1', TSPOD_FAILPOINT: point } }, ...args));
    t.is(status, KILLED_BY_SIGNAL);
  };
  await killed('names-served', ...sleep('a'));
  t.is(nameServers(t).length, 1);
  await run(t, 0, 'ps');
  await noNameServer(t);
  t.deepEqual(here.network.links(), ['lo']);
  await run(t, 0, 'start', 'a');
  await killed('members-told', ...sleep('b'));
  await hears(t, 'a', 'b', await addressesOf(t, 'b', 'web'));
  await killed('names-due', 'network', 'disconnect', 'web', 'b');
  const [file = ''] = namesFiles(t);
  t.regex(readFileSync(join(directoryOf(t), file), 'utf8'), / b,/, 'nobody has taken its line out');
  await run(t, 0, 'ps');
  await until('its name is gone', async () => (await lookUp(t, 'a', 'b')).length === 0);
  for (const point of ['connect-made', 'names-served']) {
    await run(t, 0, 'network', 'disconnect', 'web', 'b');
    await killed(point, 'network', 'connect', 'web', 'b');
    await run(t, 0, 'network', 'connect', 'web', 'b');
    t.regex(await resolv(t, 'b'), /^nameserver 10\./m, point);
    await hears(t, 'a', 'b', await addressesOf(t, 'b', 'web'));
  }

  for (const pid of nameServers(t)) process.kill(pid, 'SIGKILL');
  await until('it is gone', () => nameServers(t).length === 0);
  await run(t, 0, 'ps');
  await until('it listens', async () => (await lookUp(t, 'a', 'b')).length > 0);

  const pids = readdirSync(join(storeOf(t).runRoot, 'c')).flatMap((id) => {
    const state = readFileSync(join(storeOf(t).runRoot, 'c', id, 'state'), 'utf8');
    return [...state.matchAll(/^(?:monitor|init) (\d+)/gm)].map(([, pid]) => Number(pid));
  });
  for (const pid of pids) process.kill(pid, 'SIGKILL');
  await untilGone(...pids);
  t.is(nameServers(t).length, 1);
  await run(t, 0, 'ps');
  await noNameServer(t);
  t.deepEqual(here.network.links(), ['lo']);
});

test('many that start and end at once all have their names, and one name server', async (t) => {
  const here = await place(t);
  if (here === undefined) return;
  await run(t, 0, 'network', 'create', 'web');
  const names = Array.from({ length: 6 }, (_, index) => `n${index}`);
  await Promise.all(
    names.map((name) => run(t, 0, 'run', '-d', '--name', name, '--network', 'web', ...here.root, ...SLEEP)),
  );
  t.is(nameServers(t).length, 1);
  for (const name of names) await hears(t, 'n0', name, await addressesOf(t, name, 'web'));
  await Promise.all(names.map((name) => run(t, 0, 'rm', '-f', '-t', '0', name)));
  await noNameServer(t);
});
