/** Clients of a monitor: how they come, what they get, how they go. */
import { lstatSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import test from 'ava';
import type { Peer } from '../helpers/peer.js';
import { suspend, untilStalled } from '../helpers/processes.js';
import { has, requires } from '../helpers/requires.js';
import { launchContainer, pidIn, startContainer, stateOf } from '../helpers/supervised.js';
import type { Container } from '../helpers/supervised.js';
import { encodeMessage } from '../../src/native/message-codec.js';
import { CODES } from '../../src/plan/codes.js';
import { until } from '../helpers/until.js';

const EUSERS = 87;

const ECHO = 'while read line; do echo "$line"; done';

async function attached(container: Container, wish = { stdin: true, stdout: true, stderr: true }): Promise<Peer> {
  const peer = await container.connect();
  peer.attach(wish);
  await peer.expect('attached');
  return peer;
}

test('attach: one who attaches before the launch gets everything', async (t) => {
  const { engine } = launchContainer(t, {
    command: 'echo first; echo second >&2',
    attach: { stdout: true, stderr: true },
  });
  t.is((await engine.expect('attached')).terminal, 0);
  await engine.expect('exited');
  t.is(engine.stdout.toString(), 'first\n');
  t.is(engine.stderr.toString(), 'second\n');
  t.false(engine.has('stdout') || engine.has('stderr'), 'empty messages');
});

test('attach: only the streams asked for are sent', async (t) => {
  const { engine } = launchContainer(t, { command: 'echo out; echo err >&2', attach: { stderr: true } });
  await engine.expect('exited');
  t.is(engine.stdout.toString(), '');
  t.is(engine.stderr.toString(), 'err\n');
});

test('attach: without asking nothing is sent', async (t) => {
  const { engine } = launchContainer(t, { command: 'echo out' });
  await engine.expect('exited');
  t.is(engine.stdout.length, 0);
});

test('attach: the socket is for the user alone', async (t) => {
  const container = await startContainer(t, { command: 'exec sleep 100' });
  const status = lstatSync(join(container.directory, 'attach'));
  t.true(status.isSocket());
  t.is(status.mode & 0o777, 0o600);
});

test('attach: several clients get the same, and any of them may send input', async (t) => {
  const container = await startContainer(t, { command: ECHO });
  const peers = await Promise.all(Array.from({ length: 5 }, () => attached(container)));
  for (const [i, peer] of peers.entries()) {
    peer.type(`${i}\n`);
    await Promise.all(peers.map((each) => each.untilOutput(`${i}\n`)));
  }
  peers[0]?.send('stdinEnd', {});
  await Promise.all(peers.map((each) => each.expect('exited')));
  for (const peer of peers) t.is(peer.stdout.toString(), '0\n1\n2\n3\n4\n');
});

test('attach: who detaches and attaches again misses only what came between', async (t) => {
  const container = await startContainer(t, { command: ECHO, log: {} });
  const first = await attached(container);
  first.type('one\n');
  await first.untilOutput('one\n');
  await first.vanish();
  const typist = await attached(container, { stdin: true, stdout: false, stderr: false });
  typist.type('between\n');
  await until('it is logged', () => messages(container.logPath).includes('between\n'));
  const second = await attached(container);
  second.type('two\n');
  await second.untilOutput('two\n');
  t.is(second.stdout.toString(), 'two\n');
  await until('all is logged', () => messages(container.logPath) === 'one\nbetween\ntwo\n');
  t.is(stateOf(container)['status'], 'running');
});

test('attach: a client that is killed leaves the others and the container alone', async (t) => {
  const container = await startContainer(t, { command: ECHO });
  const [victim, other] = await Promise.all([attached(container), attached(container)]);
  victim.socket.pause();
  for (let i = 0; i < 100; i += 1) other.type(`${'x'.repeat(1000)}\n`);
  victim.socket.destroy();
  await other.untilOutput((peer) => peer.stdout.length === 100 * 1001);
  t.pass();
});

test('attach: a slow client slows the container down, loses nothing, and costs bounded memory', async (t) => {
  const container = launchContainer(t, { command: 'exec head -c 20000000 /dev/zero', log: {}, gate: true });
  await container.engine.expect('created');
  const slow = await attached(container);
  slow.socket.pause();
  container.engine.send('start', {});
  await container.engine.expect('started');
  await untilStalled(pidIn(container.directory, 'init'), container.monitorPid);
  const first = statusBytes(container.monitorPid, 'VmRSS');
  t.is(stateOf(container)['status'], 'running');
  if (has('plainMonitor')) t.true(first < 4 * 1024 * 1024, `${first} bytes`);
  slow.socket.resume();
  await slow.expect('exited');
  t.is(slow.stdout.length, 20_000_000);
});

test('attach: who attached first gets all of it although another is slow', async (t) => {
  const container = launchContainer(t, {
    command: 'exec head -c 5000000 /dev/zero',
    attach: { stdout: true },
    gate: true,
  });
  await container.engine.expect('created');
  const slow = await attached(container);
  slow.socket.pause();
  container.engine.send('start', {});
  await container.engine.untilOutput((peer) => peer.stdout.length > 100_000);
  await untilStalled(pidIn(container.directory, 'init'), container.monitorPid);
  t.true(container.engine.stdout.length < 5_000_000);
  slow.socket.resume();
  await Promise.all([container.engine.expect('exited'), slow.expect('exited')]);
  t.is(container.engine.stdout.length, 5_000_000);
  t.is(slow.stdout.length, 5_000_000);
});

test('attach: a stopped client keeps only the monitor, and only until it is killed', async (t) => {
  const container = launchContainer(t, { command: 'exec head -c 3000000 /dev/zero', gate: true });
  await container.engine.expect('created');
  const stopped = await attached(container);
  stopped.socket.pause();
  container.engine.send('start', {});
  await container.engine.expect('started');
  await untilStalled(pidIn(container.directory, 'init'), container.monitorPid);
  process.kill(pidIn(container.directory, 'init'), 'SIGKILL');
  await container.engine.expect('exited');
  t.true(readdirSync(container.directory).includes('exit'));
  t.false(readdirSync(container.directory).includes('attach'));
  process.kill(container.monitorPid, 'SIGTERM');
  t.is(await container.ended, 0);
});

test('attach: 1000 clients one after the other leave no descriptor and no memory behind', async (t) => {
  if (!requires(t, 'root')) return; // the monitor's descriptors are nobody else's business
  const container = await startContainer(t, { command: ECHO });
  const measure = () => ({
    fds: readdirSync(`/proc/${container.monitorPid}/fd`).length,
    rss: statusBytes(container.monitorPid, 'VmRSS'),
  });
  const visit = async (): Promise<void> => {
    const peer = await attached(container);
    peer.send('resize', { rows: 24, columns: 80 });
    await peer.vanish();
  };
  for (let i = 0; i < 50; i += 1) await visit();
  const before = measure();
  for (let i = 0; i < 1000; i += 1) await visit();
  await (await attached(container)).vanish();
  const after = measure();
  t.true(Math.abs(after.fds - before.fds) <= 1, `${before.fds} descriptors, then ${after.fds}`);
  if (has('plainMonitor')) t.true(after.rss <= before.rss + 64 * 1024, `${before.rss} bytes, then ${after.rss}`);
});

test('attach: a client too many takes the place of the oldest that only waits', async (t) => {
  const container = await startContainer(t, { command: ECHO });
  const peers: Peer[] = [];
  for (let i = 0; i < 511; i += 1) peers.push(await container.connect());
  const [oldest, next] = peers; // with the engine these are all
  await (await attached(container)).vanish();
  await oldest?.closed;
  next?.attach({ stdout: true });
  await next?.expect('attached');
  t.pass();
});

test('attach: more than it attaches are refused, and still heard', async (t) => {
  const container = await startContainer(t, { command: ECHO });
  const peers: Peer[] = [];
  for (let i = 0; i < 256; i += 1) peers.push(await attached(container, { stdin: false, stdout: true, stderr: false }));
  const another = await container.connect();
  another.attach({ stdout: true });
  t.like(await another.expect('failed'), { errno: EUSERS, detail: 'attach' });
  another.send('stop', {});
  await another.expect('stopping');
  await peers[0]?.vanish();
  peers[1]?.attach({ stdout: true }); // once this is answered the monitor has seen that the other is gone
  await peers[1]?.expect('attached');
  another.attach({ stdout: true });
  await another.expect('attached');
});

test('attach: who does not speak the protocol is shown out', async (t) => {
  const container = await startContainer(t, { command: ECHO });
  for (const bytes of ['GET / HTTP/1.1\r\n\r\n', '\0\0\0\0\xff\0\0\0', '\xff\xff\xff\xff\x04\0\0\0']) {
    const peer = await container.connect();
    peer.socket.write(Buffer.from(bytes, 'latin1'));
    await peer.closed;
  }
  const launcher = await container.connect();
  launcher.send('launch', { plan: new Uint8Array(4) });
  await launcher.closed;
  await (await attached(container)).vanish();
  t.pass();
});

test('attach: a message that comes in pieces is understood', async (t) => {
  const container = await startContainer(t, { command: ECHO });
  const peer = await container.connect();
  for (const byte of Buffer.from('0c00000003000000010000000100000001000000', 'hex')) {
    peer.socket.write(Buffer.of(byte));
    await delay(1);
  }
  await peer.expect('attached');
  t.pass();
});

test('gate: the command waits for `start`, which any client may send', async (t) => {
  const container = launchContainer(t, { command: 'echo hello; exit 2', gate: true, attach: { stdout: true } });
  const created = await container.engine.expect('created');
  t.like(stateOf(container), { status: 'created', started: '0' });
  t.is(created.pid, pidIn(container.directory, 'init'));
  const starter = await container.connect();
  await delay(50);
  t.is(container.engine.stdout.length, 0);
  starter.send('start', {});
  t.is((await starter.expect('started')).pid, created.pid);
  await container.engine.expect('started');
  t.is((await container.engine.expect('exited')).code, 2);
  t.is(container.engine.stdout.toString(), 'hello\n');
});

test('gate: the creator may go once the container is created', async (t) => {
  const container = launchContainer(t, { command: 'echo hello; exit 2', gate: true });
  await container.engine.expect('created');
  await container.engine.vanish();
  const peer = await attached(container);
  peer.send('start', {});
  await peer.expect('started');
  t.is((await peer.expect('exited')).code, 2);
  t.is(peer.stdout.toString(), 'hello\n');
});

test('gate: a second start is answered as the first', async (t) => {
  const container = launchContainer(t, { command: 'exec sleep 100', gate: true });
  await container.engine.expect('created');
  const peer = await container.connect();
  peer.send('start', {});
  peer.send('start', {});
  const first = await peer.expect('started');
  t.deepEqual(await peer.expect('started'), first);
});

test('gate: a command that cannot be executed is told to who starts it, and ends the container', async (t) => {
  const container = launchContainer(t, { command: ['/no/such/command'], gate: true });
  await container.engine.expect('created');
  const peer = await container.connect();
  peer.send('start', {});
  const failed = await peer.expect('failed');
  t.is(failed.errno, 2);
  await peer.closed;
  await container.ended;
  const exit = readFileSync(join(container.directory, 'exit'), 'utf8');
  t.regex(exit, /^code -1$/m);
  t.regex(exit, /^error .*\/no\/such\/command: No such file or directory$/m);
});

test('gate: behind a start that fails, what the container wrote is not taken for messages of the client', async (t) => {
  if (!requires(t, 'root')) return;
  const container = launchContainer(t, { command: ['/no/such/command'], gate: true });
  const { pid } = await container.engine.expect('created');
  const peer = await attached(container);
  const start = encodeMessage('start', {});
  const attach = encodeMessage('attach', { stdin: 0, stdout: 0, stderr: 0 });
  const rest = Array.from({ length: 3 }, () => encodeMessage('stdinEnd', {}));
  // Both are there when the monitor looks, and the client was first.
  await suspend(container.monitorPid);
  await new Promise((resolve) => peer.socket.write(Buffer.concat([start, ...rest]), resolve));
  writeFileSync(`/proc/${pid}/fd/1`, Buffer.concat([start, attach]));
  process.kill(container.monitorPid, 'SIGCONT');
  await peer.expect('failed');
  await peer.closed;
  t.false(peer.has('attached'));
});

test('gate: killed before its start, the container ends with a record', async (t) => {
  const container = launchContainer(t, {
    command: 'exec sleep 100',
    gate: true,
    restart: { policy: CODES.restartPolicy.always },
  });
  const created = await container.engine.expect('created');
  const peer = await container.connect();
  peer.send('stop', {});
  await peer.expect('stopping');
  process.kill(created.pid, 'SIGKILL');
  t.like(await peer.expect('exited'), { code: 137, signal: 9, startedNs: 0n });
  await container.ended;
  t.true(readdirSync(container.directory).includes('exit'));
});

test('gate: SIGTERM to the monitor before the start ends the container', async (t) => {
  if (!requires(t, 'root')) return;
  const container = launchContainer(t, { command: 'exec sleep 100', gate: true, ownPids: true });
  await container.engine.expect('created');
  process.kill(container.monitorPid, 'SIGTERM');
  t.is((await container.engine.expect('exited')).signal, 9);
});

/** What a log holds, without what stands before each line. */
function messages(logPath: string): string {
  return readFileSync(logPath, 'utf8').replace(/^\S+ \S+ \S+ /gm, '');
}

/** A line of /proc/PID/status, in bytes. */
function statusBytes(pid: number, key: string): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(new RegExp(`^${key}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]) * 1024;
}
