/** Detach keys: whose input is looked through for them, and what a detach leaves. */
import { once } from 'node:events';
import { PassThrough, Readable } from 'node:stream';
import { createInterface } from 'node:readline';
import { buffer } from 'node:stream/consumers';

import test, { type ExecutionContext } from 'ava';

import type { AttachOptions, AttachSession, Container } from '../../../src/index.js';
import { busyboxRoot, onBusybox } from '../../helpers/busybox.js';
import { output, run, runWith } from '../../helpers/cli.js';
import { testEngine } from '../../helpers/engine.js';
import { requires } from '../../helpers/requires.js';
import { until } from '../../helpers/until.js';

const KEYS = '\x10\x11';

/** The keys in the middle, and their beginning at the end. */
const DATA = `before${KEYS}after\n\x10`;

async function interactive(t: ExecutionContext, { tty }: { readonly tty: boolean }): Promise<Container> {
  const { engine, options } = await testEngine(t);
  return engine.containers.create(options({ command: ['cat'], interactive: true, tty, rootfs: busyboxRoot(t) }));
}

onBusybox('run, start and attach pass piped input on whole, whatever its bytes', async (t, root) => {
  const piped = async (...words: readonly string[]) => (await runWith(t, { input: DATA }, 0, ...words)).stdout;
  t.is(await piped('run', '--rm', '-i', '--rootfs', root, 'cat'), DATA);
  t.is(await piped('run', '--rm', '-i', '--detach-keys', 'b,e', '--rootfs', root, 'cat'), DATA);
  await run(t, 0, 'create', '-i', '--name', 'started', '--rootfs', root, 'cat');
  t.is(await piped('start', '--attach', '--interactive', 'started'), DATA);
  await run(t, 0, 'run', '-d', '-i', '--name', 'attached', '--rootfs', root, 'cat');
  t.is(await piped('attach', 'attached'), DATA);
});

onBusybox('keys that are none are refused without a terminal as well', async (t, root) => {
  await run(t, 0, 'run', '-d', '-i', '--name', 'c', '--rootfs', root, 'cat');
  for (const words of [['attach'], ['start', '--attach']]) {
    const { stderr } = await run(t, 125, ...words, '--detach-keys', 'foo', 'c');
    t.is(stderr, "Error: invalid detach keys: Unknown character: 'foo'\n");
  }
});

onBusybox('run -it: keys that come with the first input detach', async (t, root) => {
  const { stderr } = await runWith(
    t,
    { input: `abc\n${KEYS}` },
    0,
    'run',
    '-it',
    '--name',
    'c',
    '--rootfs',
    root,
    'cat',
  );
  t.regex(stderr, /^[^\n]*not a TTY[^\n]*\n$/);
  t.is(await output(t, 'inspect', '-f', '{{.State.Status}}', 'c'), 'running\n');
});

test('a session without a terminal has no keys unless it is given some', async (t) => {
  if (!requires(t, 'root', 'busybox')) return;
  const container = await interactive(t, { tty: false });
  const stdout = new PassThrough();
  const whole = await container.startAttached({ stdin: Readable.from([Buffer.from(DATA)]), stdout });
  t.like(await whole.ended, { reason: 'exited', exitCode: 0 });
  stdout.end();
  t.is((await buffer(stdout)).toString(), DATA);
  await container.start();
  const session = await container.attach({ stdin: Readable.from([Buffer.from(DATA)]), detachKeys: 'ctrl-p,ctrl-q' });
  t.deepEqual(await session.ended, { reason: 'detached' });
});

type Launch = (container: Container, options: AttachOptions) => Promise<AttachSession>;

/** Where keys may come before the launch has been answered. */
const LAUNCHES: Readonly<Record<string, Launch>> = {
  start: (container, options) => container.startAttached(options),
  'start after init': async (container, options) => {
    await container.init();
    return container.startAttached(options);
  },
  exec: async (container, options) => {
    await container.start();
    return container.execAttached({ command: ['cat'], interactive: true, tty: true, ...options });
  },
  'an exec session': async (container, options) => {
    await container.start();
    const session = await container.createExec({ command: ['cat'], interactive: true, tty: true });
    return session.startAttached(options);
  },
};

for (const [title, launch] of Object.entries(LAUNCHES)) {
  test(`keys that wait in the input detach from what has been launched: ${title}`, async (t) => {
    if (!requires(t, 'root', 'busybox')) return;
    const container = await interactive(t, { tty: true });
    const stdin = new PassThrough();
    stdin.write(`abc${KEYS}`);
    const session = await launch(container, { stdin });
    t.deepEqual(await session.ended, { reason: 'detached' });
    t.is(container.state().status, 'running');
  });
}

for (const launch of ['exec', 'an exec session']) {
  test(`a command goes on without those who detach from its terminal, and not without those who are lost: ${launch}`, async (t) => {
    if (!requires(t, 'root', 'busybox')) return;
    const container = await interactive(t, { tty: true });
    await container.start();
    for (const [how, leave] of Object.entries(LEAVES)) {
      const lost = new AbortController();
      const [stdin, stdout] = [new PassThrough(), new PassThrough()];
      const isHeard = once(stdout, 'data');
      const command = ['sh', '-c', `trap 'echo > /hung; exit' HUP; until test -e /over; do echo on; sleep 0.1; done`];
      const options = { stdin, stdout, signal: lost.signal };
      const launched = { command, interactive: true, tty: true };
      const session = await (launch === 'exec'
        ? container.execAttached({ ...launched, ...options })
        : (await container.createExec(launched)).startAttached(options));
      t.true(session.terminal);
      await isHeard;
      stdout.resume();
      leave({ session, stdin, lost });
      await session.ended.catch(() => undefined);
      const ended = async () => (await container.exec({ command: ['test', '-e', '/hung'] })).exitCode === 0;
      if (how === 'lost' && launch === 'exec') await until('its terminal is hung up', ended);
      await container.exec({ command: ['sleep', '0.5'] });
      const goesOn = how !== 'lost' || launch !== 'exec';
      if (goesOn) t.true((await container.top()).length > 1, how);
      else await until('it ends', async () => (await container.top()).length === 1);
      t.is(await ended(), !goesOn, how);
      await container.exec({ command: ['touch', '/over'] });
      await until('it has ended', async () => (await container.top()).length === 1);
      await container.exec({ command: ['rm', '-f', '/over', '/hung'] });
    }
  });
}

interface Left {
  readonly session: AttachSession;
  readonly stdin: PassThrough;
  readonly lost: AbortController;
}

const LEAVES: Readonly<Record<string, (left: Left) => void>> = {
  call: ({ session }) => session.detach(),
  keys: ({ stdin }) => stdin.write(KEYS),
  lost: ({ lost }) => lost.abort(),
};

const PAUSED: Readonly<Record<string, (stdin: PassThrough) => void>> = {
  'by readline': (input) => createInterface({ input }).close(),
  'by its owner': (input) => input.pause(),
};

for (const [title, pause] of Object.entries(PAUSED)) {
  test(`a session takes input from a stream that was paused: ${title}`, async (t) => {
    if (!requires(t, 'root', 'busybox')) return;
    const container = await interactive(t, { tty: false });
    const [stdin, stdout] = [new PassThrough(), new PassThrough()];
    pause(stdin);
    t.true(stdin.isPaused());
    const session = await container.startAttached({ stdin, stdout });
    stdin.end('some');
    t.like(await session.ended, { reason: 'exited', exitCode: 0 });
    t.is(String(stdout.read()), 'some');
  });
}

test('a session takes input from a stream that another has used before', async (t) => {
  if (!requires(t, 'root', 'busybox')) return;
  const container = await interactive(t, { tty: true });
  await container.start();
  const stdin = new PassThrough();
  for (const word of ['one', 'two', 'three']) {
    let heard = '';
    const stdout = new PassThrough().on('data', (chunk) => (heard += String(chunk)));
    const session = await container.attach({ stdin, stdout });
    stdin.write(`${word}\n`);
    await until('it has been read', () => heard === `${word}\r\n${word}\r\n`);
    session.detach();
    t.deepEqual(await session.ended, { reason: 'detached' });
  }
});

test('a launch that fails takes nothing of the input', async (t) => {
  if (!requires(t, 'root', 'busybox')) return;
  const { engine, options } = await testEngine(t);
  const container = await engine.containers.create(
    options({ command: ['no-such-program'], interactive: true, rootfs: busyboxRoot(t) }),
  );
  const stdin = new PassThrough();
  stdin.write('input');
  await t.throwsAsync(container.startAttached({ stdin }), { code: 'COMMAND_NOT_FOUND' });
  t.is(String(stdin.read()), 'input');
});
