/** Published ports on the host's ::1, which the monitor hands on: real connections on a host whose network is the test's own. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';

import test, { type ExecutionContext } from 'ava';

import { parseProcessStat } from '../../../src/native/process-stat.js';
import { output, run, storeOf } from '../../helpers/cli.js';
import { until } from '../../helpers/until.js';
import { ownNetwork, type OwnNetwork } from '../../helpers/own-network.js';
import { requires } from '../../helpers/requires.js';

const NODE = process.execPath;
const PORT = '8080';

/** Says who has connected, then sends back what comes, to the end. */
const SERVER = `
const [, address] = process.argv;
require('net').createServer({ allowHalfOpen: true }, (socket) => {
  socket.on('error', () => {}).write(socket.remoteAddress.replace('::ffff:', '') + '\\n');
  socket.pipe(socket);
}).listen(80, address, () => require('fs').writeFileSync('/tmp/ready', ''));
`;

/** Sends as many bytes as it is asked for, and its own end, to who has ended his side. */
const ANSWER = `
require('net').createServer({ allowHalfOpen: true }, (socket) => {
  let asked = '';
  socket.on('error', () => {}).on('data', (data) => (asked += data)).on('end', () => socket.end(Buffer.alloc(Number(asked))));
}).listen(81, '::', () => require('fs').writeFileSync('/tmp/answers', ''));
`;

/** Opens \`count\` connections at once, sends \`size\` bytes on each and then its end; prints what the server said of the clients, how often all came back. */
const CLIENT = `
const [, address, port, count, size] = process.argv;
const all = Buffer.alloc(Number(size), 'abcdefghij');
const said = new Map();
const tell = (word) => said.set(word, (said.get(word) ?? 0) + 1);
const one = () => new Promise((resolve) => {
  const chunks = [];
  const socket = require('net').connect(Number(port), address);
  socket.on('data', (data) => chunks.push(data)).on('error', (error) => resolve(tell(error.code)));
  socket.on('end', () => {
    const got = Buffer.concat(chunks);
    const first = got.indexOf(10);
    resolve(tell(got.subarray(first + 1).equals(all) ? String(got.subarray(0, first)) : 'incomplete'));
  });
  socket.end(all);
});
Promise.all(Array.from({ length: Number(count) }, one)).then(() =>
  console.log([...said].map(([word, times]) => times + ' ' + word).join()));
`;

type Ask = (address: string, options?: { count?: number; size?: number; port?: string }) => Promise<string>;

function askFrom(host: OwnNetwork): Ask {
  return async (address, { count = 1, size = 0, port = PORT } = {}) =>
    (await host.run(NODE, '-e', CLIENT, address, port, String(count), String(size))).trim();
}

async function serve(t: ExecutionContext<unknown>, flags: readonly string[], address = '::'): Promise<void> {
  await run(t, 0, 'run', '-d', '--name', 'web', ...flags, 'host:', NODE, '-e', SERVER, address);
  await until('it listens', async () => (await output(t, 'exec', 'web', 'ls', '/tmp')).includes('ready'));
}

async function listeners(host: OwnNetwork): Promise<string> {
  return host.run('ss', '-Hltn');
}

async function monitorPid(t: ExecutionContext<unknown>): Promise<number> {
  return Number(await output(t, 'inspect', '--format', '{{.State.ConmonPid}}', 'web'));
}

test('a network without IPv6: the port is reached on 127.0.0.1, ::1 and an address of the host', async (t) => {
  if (!requires(t, 'root', 'nsenter', 'ip', 'overlay')) return;
  const host = await ownNetwork(t);
  const ask = askFrom(host);
  await host.run('ip', 'link', 'add', 'lan', 'type', 'veth', 'peer', 'name', 'far');
  await host.run('ip', 'link', 'set', 'lan', 'up');
  await host.run('ip', 'addr', 'add', '192.0.2.1/24', 'dev', 'lan');
  await run(t, 0, 'network', 'create', '--subnet', '10.61.0.0/24', 'four');
  await serve(t, ['--network', 'four', '-p', `${PORT}:80`]);
  t.is(await ask('127.0.0.1'), '1 10.61.0.1');
  t.is(await ask('192.0.2.1'), '1 192.0.2.1');
  t.is(await ask('::1'), '1 10.61.0.1');
  await run(t, 0, 'stop', '-t', '0', 'web');
  t.is(await ask('::1'), '1 ECONNREFUSED');
  t.is(await listeners(host), '');
  await host.run('ip', 'link', 'del', 'lan');
});

test('a network with IPv6: by its address, or by the other one where the program has only that', async (t) => {
  if (!requires(t, 'root', 'nsenter', 'ip', 'overlay')) return;
  const host = await ownNetwork(t);
  const ask = askFrom(host);
  await run(t, 0, 'network', 'create', '--subnet', 'fd61::/64', '--subnet', '10.61.0.0/24', 'both');
  await serve(t, ['--network', 'both', '-p', `${PORT}:80`]);
  t.is(await ask('::1'), '1 fd61::1');
  t.is(await ask('fd61::1'), '1 fd61::1');
  t.is(await ask('127.0.0.1'), '1 10.61.0.1');
  await run(t, 0, 'rm', '-f', '-t', '0', 'web');
  await serve(t, ['--network', 'both', '-p', `${PORT}:80`], '0.0.0.0');
  t.is(await ask('::1'), '1 10.61.0.1');
  await run(t, 0, 'rm', '-f', '-t', '0', 'web');
});

test('only ::1 is handed on where rules are missing, and each port that names it is', async (t) => {
  if (!requires(t, 'root', 'nsenter', 'nft', 'ip', 'overlay')) return;
  const host = await ownNetwork(t);
  const ask = askFrom(host);
  await run(t, 0, 'network', 'create', '--subnet', 'fd61::/64', 'six');
  await serve(t, ['--network', 'six', '-p', `${PORT}:80`, '-p', '[::1]:9000:80', '-p', '127.0.0.1:9100:80']);
  t.is(await ask('::1', { port: '9000' }), '1 fd61::1');
  t.is(await ask('::1', { port: '9100' }), '1 ECONNREFUSED');
  await host.run('nft', 'delete', 'table', 'inet', 'tspod');
  t.is(await ask('fd61::1'), '1 ECONNRESET');
  t.is(await ask('::1'), '1 fd61::1');
  const busy = await run(t, 126, 'run', '--rm', '--network', 'six', '-p', '[::1]:9000:80', 'host:', 'true');
  t.regex(busy.stderr, /listen tcp6 \[::1\]:9000: bind: address already in use/);
  await run(t, 0, 'rm', '-f', '-t', '0', 'web');
  await run(t, 0, 'network', 'rm', 'six');
});

test('another process may have the port on ::1 where the network has no IPv6', async (t) => {
  if (!requires(t, 'root', 'nsenter', 'ip', 'overlay')) return;
  const host = await ownNetwork(t);
  const ask = askFrom(host);
  const words = `require('net').createServer((s) => s.end('other\\n')).listen(${PORT}, '::1', () => console.log('ready'))`;
  const [program = '', ...enter] = storeOf(t).prefix ?? [];
  const other = spawn(program, [...enter, NODE, '-e', words], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.teardown(() => other.kill('SIGKILL'));
  await once(other.stdout, 'data');
  await run(t, 0, 'network', 'create', '--subnet', '10.61.0.0/24', 'four');
  await serve(t, ['--network', 'four', '-p', `${PORT}:80`]);
  t.is(await ask('127.0.0.1'), '1 10.61.0.1');
  t.is(await ask('::1'), '1 other');
  await run(t, 0, 'rm', '-f', '-t', '0', 'web');
});

test('more connections than are handed on at once, long ones and half closed ones: all come back, nothing is left open', async (t) => {
  if (!requires(t, 'root', 'nsenter', 'ip', 'overlay')) return;
  const host = await ownNetwork(t);
  const ask = askFrom(host);
  await run(t, 0, 'network', 'create', '--subnet', '10.61.0.0/24', 'four');
  await serve(t, ['--network', 'four', '-p', `${PORT}:80`]);
  const pid = await monitorPid(t);
  const descriptors = (): number => readdirSync(`/proc/${pid}/fd`).length;
  const before = descriptors();
  t.is(await ask('::1', { count: 100, size: 100_000 }), '100 10.61.0.1');
  t.is(await ask('::1', { size: 30_000_000 }), '1 10.61.0.1');
  await until('all are closed', () => descriptors() <= before);
  await run(t, 0, 'rm', '-f', '-t', '0', 'web');
});

/** Answers how much of a second the process has computed meanwhile, in milliseconds. */
async function computedDuring(pid: number, milliseconds: number): Promise<number> {
  const computed = (): number => parseProcessStat(readFileSync(`/proc/${pid}/stat`, 'utf8')).cpuMs;
  const before = computed();
  await delay(milliseconds);
  return computed() - before;
}

/** Starts a client in the host's network; answers what it prints. */
function startClient(t: ExecutionContext<unknown>, ...command: readonly string[]): Readable {
  const [program = '', ...enter] = storeOf(t).prefix ?? [];
  const client = spawn(program, [...enter, ...command], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.teardown(() => client.kill('SIGKILL'));
  return client.stdout;
}

test('the monitor rests while a client that has ended its side does not read', async (t) => {
  if (!requires(t, 'root', 'nsenter', 'ip', 'overlay')) return;
  await ownNetwork(t);
  await run(t, 0, 'network', 'create', '--subnet', '10.61.0.0/24', 'four');
  await serve(t, ['--network', 'four', '-p', `${PORT}:80`, '-p', '8081:81']);
  // What does not fit into the pipe and the client's side waits for the client; for some of the sizes the end lies behind it in the socket.
  const words = `
    for (let i = 50; i <= 110; i += 1) {
      const s = require('net').connect(8081, '::1', () => s.end(String(i * 64000)));
      s.pause();
    }
    console.log('up'); setTimeout(() => {}, 1e6)`;
  await run(t, 0, 'exec', '-d', 'web', NODE, '-e', ANSWER);
  await until('it listens', async () => (await output(t, 'exec', 'web', 'ls', '/tmp')).includes('answers'));
  await once(startClient(t, NODE, '-e', words), 'data');
  const monitor = await monitorPid(t);
  await until('it rests', async () => (await computedDuring(monitor, 1000)) < 300);
  await run(t, 0, 'rm', '-f', '-t', '0', 'web');
});

test('urgent data is data like other, and holds nothing up', async (t) => {
  if (!requires(t, 'root', 'nsenter', 'ip', 'overlay', 'python3')) return;
  await ownNetwork(t);
  await run(t, 0, 'network', 'create', '--subnet', '10.61.0.0/24', 'four');
  await serve(t, ['--network', 'four', '-p', `${PORT}:80`]);
  const words = `
import socket
s = socket.create_connection(('::1', ${PORT}))
s.send(b'a'); s.send(b'b', socket.MSG_OOB); s.send(b'c'); s.shutdown(socket.SHUT_WR)
data = b''
while True:
    more = s.recv(100)
    if not more: break
    data += more
print(data.split(b'\\n')[1].decode())`;
  t.is(await text(startClient(t, 'python3', '-c', words)), 'abc\n');
  t.true((await computedDuring(await monitorPid(t), 500)) < 150);
  await run(t, 0, 'rm', '-f', '-t', '0', 'web');
});

test('it follows the container to other networks', async (t) => {
  if (!requires(t, 'root', 'nsenter', 'ip', 'overlay')) return;
  const host = await ownNetwork(t);
  const ask = askFrom(host);
  await run(t, 0, 'network', 'create', '--subnet', '10.61.0.0/24', 'four');
  await run(t, 0, 'network', 'create', '--subnet', 'fd61::/64', 'six');
  await serve(t, ['--network', 'four', '-p', `${PORT}:80`]);
  t.is(await ask('::1'), '1 10.61.0.1');
  await run(t, 0, 'network', 'connect', 'six', 'web');
  await run(t, 0, 'network', 'disconnect', 'four', 'web');
  t.is(await ask('::1'), '1 fd61::1');
  await run(t, 0, 'network', 'disconnect', 'six', 'web');
  t.is(await ask('::1'), '1 ECONNRESET');
  await run(t, 0, 'network', 'connect', 'four', 'web');
  t.is(await ask('::1'), '1 10.61.0.1');
  await run(t, 0, 'rm', '-f', '-t', '0', 'web');
});

for (const [what, end] of [
  ['ends', (t: ExecutionContext<unknown>) => run(t, 0, 'kill', 'web')],
  ['loses its monitor', async (t: ExecutionContext<unknown>) => process.kill(await monitorPid(t), 'SIGKILL')],
] as const) {
  test(`a connection breaks when the container ${what}, and the port is free for the next one`, async (t) => {
    if (!requires(t, 'root', 'nsenter', 'ip', 'overlay')) return;
    const host = await ownNetwork(t);
    await run(t, 0, 'network', 'create', '--subnet', '10.61.0.0/24', 'four');
    await serve(t, ['--network', 'four', '-p', `${PORT}:80`]);
    const words = `const s = require('net').connect(${PORT}, '::1'); s.once('data', (d) => console.log(String(d))).on('error', () => {}).on('close', () => console.log('closed'))`;
    const [program = '', ...enter] = storeOf(t).prefix ?? [];
    const client = spawn(program, [...enter, NODE, '-e', words], { stdio: ['ignore', 'pipe', 'inherit'] });
    t.teardown(() => client.kill('SIGKILL'));
    await once(client.stdout, 'data');
    const closed = once(client.stdout, 'data');
    await end(t);
    t.is(String((await closed)[0]), 'closed\n');
    await run(t, 0, 'rm', '-f', '-t', '0', 'web');
    t.is(await listeners(host), '');
    await serve(t, ['--network', 'four', '-p', `${PORT}:80`]);
    t.is(await askFrom(host)('::1'), '1 10.61.0.1');
    await run(t, 0, 'rm', '-f', '-t', '0', 'web');
  });
}
