/** Standard input on its way from clients to the container. */
import test from 'ava';
import { until } from '../helpers/until.js';
import { exitOf, launchContainer, startContainer } from '../helpers/supervised.js';
import { CODES } from '../../src/plan/codes.js';

const BOTH = { stdin: true, stdout: true };

test('stdin: what a client sends comes back from a container that echoes it', async (t) => {
  const { engine } = await startContainer(t, { command: ['cat'], attach: BOTH });
  engine.type('hello ');
  engine.type('world\n');
  engine.send('stdinEnd', {});
  t.is((await engine.expect('exited')).code, 0);
  t.is(engine.stdout.toString(), 'hello world\n');
});

test('stdin: 8 MiB go through a container and back, byte by byte the same', async (t) => {
  const { engine } = await startContainer(t, { command: ['cat'], attach: BOTH });
  const data = Buffer.alloc(8 * 1024 * 1024, 'the quick brown fox 0123456789\n');
  for (let at = 0; at < data.length; at += 1_000_000) engine.type(data.subarray(at, at + 1_000_000));
  engine.send('stdinEnd', {});
  await engine.expect('exited');
  t.true(engine.stdout.equals(data));
});

test('stdin: input sent before the container was launched is not lost', async (t) => {
  const { engine } = launchContainer(t, { command: ['cat'], attach: BOTH });
  engine.type('early');
  engine.send('stdinEnd', {});
  await engine.expect('exited');
  t.is(engine.stdout.toString(), 'early');
});

test('stdin: a client is held up while the container does not read', async (t) => {
  const { engine } = await startContainer(t, { command: 'exec sleep 1000', attach: BOTH });
  const mebibyte = Buffer.alloc(1024 * 1024);
  for (let sent = 0; sent < 64; sent += 1) engine.type(mebibyte);
  // Who reads on drains it within these looks.
  let [left, looks] = [-1, 0];
  await until('no more is taken', () => {
    looks = engine.socket.writableLength === left ? looks + 1 : 0;
    left = engine.socket.writableLength;
    return looks === 20;
  });
  t.true(left > 32 * mebibyte.length, `${left} bytes`);
});

test('stdin: the end of input reaches the container only after all of it', async (t) => {
  const { engine } = await startContainer(t, { command: 'sleep 0.3; wc -c', attach: BOTH });
  engine.type(Buffer.alloc(3 * 1024 * 1024));
  engine.send('stdinEnd', {});
  await engine.expect('exited');
  t.is(Number(engine.stdout.toString()), 3 * 1024 * 1024);
});

test('stdin: mode 0 is /dev/null', async (t) => {
  const { engine } = await startContainer(t, {
    command: 'readlink /proc/self/fd/0; cat',
    attach: BOTH,
    stdio: { stdin: CODES.streamKind.null },
  });
  engine.type('into the void');
  t.is((await engine.expect('exited')).code, 0);
  t.is(engine.stdout.toString(), '/dev/null\n');
});

test('stdin: without keepStdin and without a client the container reads the end at once', async (t) => {
  const container = launchContainer(t, { command: 'cat; exit 6', stdio: { keepStdin: 0 } });
  t.is((await container.engine.expect('exited')).code, 6);
});

test('stdin: without keepStdin it ends when the last client that could send goes', async (t) => {
  const container = await startContainer(t, { command: 'cat; exit 6', attach: BOTH, stdio: { keepStdin: 0 } });
  const second = await container.connect();
  second.attach(BOTH);
  await second.expect('attached');
  await container.engine.vanish();
  second.type('still open\n');
  await second.untilOutput('still open\n');
  await second.vanish();
  await container.ended;
  t.is(exitOf(container)['code'], '6');
});

test('stdin: with keepStdin it stays open while nobody is there', async (t) => {
  const container = await startContainer(t, { command: 'cat; exit 6', attach: BOTH });
  container.engine.type('one\n');
  await container.engine.untilOutput('one\n');
  await container.engine.vanish();
  const later = await container.connect();
  later.attach(BOTH);
  later.type('two\n');
  await later.untilOutput('two\n');
  later.send('stdinEnd', {});
  t.is((await later.expect('exited')).code, 6);
});

test('stdin: with stdinOnce it ends when the first client that could send goes', async (t) => {
  const container = await startContainer(t, { command: 'cat; exit 6', attach: BOTH, stdio: { stdinOnce: 1 } });
  const second = await container.connect();
  second.attach(BOTH);
  await second.expect('attached');
  await second.vanish();
  t.is((await container.engine.expect('exited')).code, 6);
});

test('stdin: a client that only listens may go, and may not send', async (t) => {
  const container = await startContainer(t, { command: 'cat; exit 6', attach: BOTH, stdio: { stdinOnce: 1 } });
  const listener = await container.connect();
  listener.attach({ stdout: true });
  listener.type('not allowed\n');
  listener.send('stdinEnd', {});
  listener.send('resize', { rows: 1, columns: 1 });
  await listener.expect('attached');
  await listener.vanish();
  container.engine.type('allowed\n');
  await container.engine.untilOutput('allowed\n');
  container.engine.send('stdinEnd', {});
  await container.engine.expect('exited');
  t.is(container.engine.stdout.toString(), 'allowed\n');
});

test('stdin: what a client sent before it went still counts', async (t) => {
  const container = await startContainer(t, {
    command: 'sleep 0.3; wc -c; sleep 0.1',
    attach: { stdout: true },
    stdio: { stdinOnce: 1 },
  });
  const sender = await container.connect();
  sender.attach({ stdin: true });
  await sender.expect('attached');
  sender.type(Buffer.alloc(200_000));
  sender.socket.end(); // sends what is buffered, then closes
  await container.engine.expect('exited');
  t.is(Number(container.engine.stdout.toString()), 200_000);
});

test('stdin: a container that has closed its input does not mind more of it', async (t) => {
  const { engine } = await startContainer(t, { command: 'exec 0<&-; echo closed; sleep 2; exit 3', attach: BOTH });
  await engine.untilOutput('closed');
  for (let i = 0; i < 5; i += 1) engine.type(Buffer.alloc(100_000));
  t.is((await engine.expect('exited')).code, 3);
});
