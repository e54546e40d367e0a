/** Calls that come to an end, whatever others do not: a source that gives nothing, a command that holds the output, a client that does not read. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough, Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';

import type { Failpoint } from '../../../src/container/failpoint.js';
import { openEngine, type Container, type Engine } from '../../../src/index.js';
import { connectMonitor } from '../../../src/native/monitor-spawn.js';
import { until } from '../../helpers/until.js';
import { testEngine, type TestEngine } from '../../helpers/engine.js';
import { faults } from '../../helpers/faults.js';
import { childrenOf, killHard, socketsOf, suspend, untilStalled } from '../../helpers/processes.js';
import { requires } from '../../helpers/requires.js';
import { soon, SOON_MS } from '../../helpers/soon.js';
import { temporaryDirectory } from '../../helpers/temp.js';

const aborted = { code: 'ABORTED' };

test('run: an abort ends a container that is paused', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const { engine, options } = await testEngine(t);
  const abort = new AbortController();
  const { signal } = abort;
  const run = engine.run(options({ name: 'paused', command: ['sleep', '1000'], signal } as never));
  const container = await until('it runs', () => engine.containers.exists('paused') && engine.containers.get('paused'));
  await until('its command runs', () => container.state().status === 'running');
  await container.pause();
  abort.abort();
  await t.throwsAsync(soon(run), aborted);
  t.false(engine.containers.exists('paused'));
});

test('close: an archive that nobody reads does not hold it up, a stop or a removal is finished first', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const env = await testEngine(t);
  const engine = await openEngine({ root: env.root, runRoot: env.runRoot });
  const started = async (name: string) => {
    // Deaf to its stop signal, so that a stop takes its time.
    const command = ['sh', '-c', 'trap "" TERM; sleep 1000'];
    const container = await engine.containers.create(env.options({ name, command }));
    await container.start();
    return container;
  };
  const [read, stopped, removed] = [await started('read'), await started('stopped'), await started('removed')];
  const forgotten = await read.copyOut('/bin');
  const ends = Promise.all([stopped.stop({ timeoutSec: 1 }), removed.remove({ force: true, timeoutSec: 1 })]);
  await soon(engine.close());
  await t.notThrowsAsync(ends);
  t.like(forgotten.errored, { code: 'ENGINE_CLOSED' });
  const { containers } = env.engine;
  t.is(containers.get('stopped').state().status, 'exited');
  t.false(containers.exists('removed'));
});

test('run and exec end with the command, whatever becomes of their input', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const { engine, options } = await testEngine(t);
  const container = await engine.containers.create(options({ command: ['sleep', '1000'] }));
  await container.start();
  const log = { driver: 'k8s-file' } as const;
  const runners = {
    exec: (input: Readable, command: string[], signal?: AbortSignal) =>
      container.exec({ command, input, ...(signal && { signal }) }),
    run: (input: Readable, command: string[], signal?: AbortSignal) =>
      engine.run(options({ command, input, ...(signal && { signal }) } as never)),
    'run with a log': (input: Readable, command: string[], signal?: AbortSignal) =>
      engine.run(options({ command, input, log, ...(signal && { signal }) } as never)),
  };
  for (const [title, run] of Object.entries(runners)) {
    const idle = new PassThrough();
    t.is((await soon(run(idle, ['true']))).exitCode, 0, title);
    t.true(idle.destroyed, `${title}: the source that nobody reads any more`);
    await t.throwsAsync(soon(run(new PassThrough(), ['sleep', '1000'], AbortSignal.timeout(200))), aborted, title);
    for (const size of [1000, 1000, 1000, 100_000]) {
      const endless = Readable.from(endlessly(size));
      t.is((await soon(run(endless, ['sleep', '0.2']))).exitCode, 0, `${title}: nobody reads ${size} bytes`);
    }
    const fast = Readable.from(endlessly(1000));
    const reader = ['sh', '-c', 'exec cat > /dev/null'];
    await t.throwsAsync(soon(run(fast, reader, AbortSignal.timeout(200))), aborted, `${title}: a fast reader`);
    const broken = Readable.from(failing());
    await t.throwsAsync(soon(run(broken, ['sleep', '1000'])), { message: 'no more' }, title);
    t.deepEqual(names(engine), [container.name], `${title}: nothing is left of what was given up`);
    const never = createReadStream('/no/such/file');
    await t.throwsAsync(
      soon(run(never, ['cat'])),
      { code: 'ENOENT' },
      `${title}: an input that fails before it is read`,
    );
    t.deepEqual(names(engine), [container.name], title);
  }
  await until('none of them goes on', async () => (await container.top()).length === 1);
});

const names = (engine: Engine) => engine.containers.list({ all: true }).map(({ name }) => name);

function* endlessly(size: number): Generator<Buffer> {
  for (;;) yield Buffer.alloc(size);
}

async function* failing(): AsyncGenerator<Buffer> {
  yield Buffer.from('some');
  await delay(100);
  throw new Error('no more');
}

test('input whose source fails ends with it, and not the program', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const { engine, options } = await testEngine(t);
  const { stdin, ended } = await engine.spawn(options({ command: ['cat'], interactive: true }));
  if (stdin === null) return t.fail('there is no stdin');
  await t.throwsAsync(pipeline(Readable.from(failing()), stdin), { message: 'no more' });
  t.is((await soon(ended)).exitCode, 0);
});

test('an archive that fails before anyone reads it fails the call, and not the program', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const { engine, options } = await testEngine(t);
  const container = await engine.containers.create(options({ command: ['true'] }));
  await engine.volumes.create({ name: 'data' });
  const calls: Readonly<Record<string, (from: Readable) => Promise<unknown>>> = {
    copyIn: (from) => container.copyIn('/tmp', from),
    'volumes.import': (from) => engine.volumes.import('data', from),
    'images.load': (from) => engine.images.load(from),
    'images.import': (from) => engine.images.import(from),
    'a closed engine': async (from) => {
      const closed = await openEngine({ root: engine.root, runRoot: engine.runRoot });
      await closed.close();
      await t.throwsAsync(closed.volumes.import('data', from), { code: 'ENGINE_CLOSED' });
      if (from.errored === null) await once(from, 'error');
      throw from.errored ?? new Error('it has not failed');
    },
  };
  for (const [title, call] of Object.entries(calls)) {
    await t.throwsAsync(soon(call(createReadStream('/no/such/file'))), { code: 'ENOENT' }, title);
    const failed = createReadStream('/no/such/file');
    await once(failed, 'close').catch(() => undefined);
    await t.throwsAsync(soon(call(failed)), { code: 'ENOENT' }, `${title}: by then it had failed`);
  }
});

test('exec that is given up does not wait for what the command has left behind', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const { engine, options } = await testEngine(t);
  const container = await engine.containers.create(options({ command: ['sleep', '1000'] }));
  await container.start();
  const command = (then: string) => ['sh', '-c', `sleep 1000 & ${then}`];
  await t.throwsAsync(
    soon(container.exec({ command: command('sleep 1000'), signal: AbortSignal.timeout(200) })),
    aborted,
  );
  await t.throwsAsync(soon(container.exec({ command: command('exec yes'), maxOutputBytes: 1000 })), {
    code: 'OUTPUT_TOO_LARGE',
  });
});

test.serial('detach keys that are none leave no monitor', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const { engine, options } = await testEngine(t);
  const refused = { code: 'INVALID_ARGUMENT' };
  const before = childrenOf(process.pid);
  const fresh = () => childrenOf(process.pid).filter((pid) => !before.includes(pid));
  const container = await engine.containers.create(options({ command: ['sleep', '1000'] }));
  const detachKeys = 'no-keys';
  await t.throwsAsync(container.startAttached({ detachKeys }), refused);
  await until('the monitor of the start is gone', () => fresh().length === 0);
  t.is(container.state().status, 'created');
  await container.init();
  await t.throwsAsync(container.startAttached({ detachKeys }), refused);
  t.is(container.state().status, 'initialized');
  await container.start();
  const { monitorPid } = container.state();
  await t.throwsAsync(container.attach({ detachKeys }), refused);
  await t.throwsAsync(container.execAttached({ command: ['sleep', '1000'], detachKeys }), refused);
  await until('that of the command is gone', () => fresh().every((pid) => pid === monitorPid));
});

test.serial('a plan that no monitor takes leaves no monitor', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const { engine, options } = await testEngine(t);
  const refused = { code: 'INVALID_ARGUMENT' };
  const before = childrenOf(process.pid);
  const fresh = () => childrenOf(process.pid).filter((pid) => !before.includes(pid));
  const long = 'x'.repeat(17 * 1024 * 1024);
  const container = await engine.containers.create(options({ command: ['sleep', '1000'] }));
  await container.start();
  const { monitorPid } = container.state();
  await t.throwsAsync(container.exec({ command: ['true', long] }), refused);
  await t.throwsAsync(engine.run({ ...options(), command: ['true', long] }), refused);
  await until('no monitor waits', () => fresh().every((pid) => pid === monitorPid));
});

test.serial('init that is aborted as it is done takes it back', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const { engine, options, runRoot } = await testEngine(t);
  const container = await engine.containers.create(options({ command: ['sleep', '1000'] }));
  const controller = new AbortController();
  const initialized = container.init({ signal: controller.signal });
  const state = join(runRoot, 'c', container.id, 'state');
  // In one turn of the loop: what the monitor says has not been read.
  let isDone = false;
  const look = setInterval(() => {
    if (childrenOf(process.pid).length === 0) return;
    clearInterval(look);
    for (const deadline = Date.now() + 60_000; !isDone && Date.now() < deadline;)
      isDone = tells(state, 'status created');
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
    controller.abort();
  }, 0);
  await t.throwsAsync(soon(initialized), aborted);
  t.true(isDone);
  t.is(container.state().status, 'created');
  await container.start();
});

function tells(path: string, words: string): boolean {
  try {
    return readFileSync(path, 'utf8').includes(words);
  } catch {
    return false;
  }
}

test('wait: the exit code of a process that has ended when its monitor has not yet said how', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const { engine, options } = await testEngine(t);
  const container = await engine.containers.create(options({ command: ['sleep', '1000'] }));
  await container.start();
  const { monitorPid, pid } = container.state();
  t.true(monitorPid > 0 && pid > 0);
  await suspend(monitorPid);
  process.kill(pid, 'SIGKILL');
  await until('it has ended', () => container.state().status === 'stopped');
  const waits = [
    container.wait(),
    container.wait({ conditions: ['stopped'] }),
    container.wait({ conditions: ['exited'] }),
  ];
  process.kill(monitorPid, 'SIGCONT');
  t.deepEqual(await soon(Promise.all(waits)), [137, 137, 137]);
  t.is(await soon(container.wait({ conditions: ['stopped'] })), 137, 'afterwards');
});

const KILLED: Readonly<
  Record<string, { readonly point: Failpoint; readonly words: readonly string[]; readonly code: number }>
> = {
  'its start': { point: 'launch-recorded', words: ['start'], code: -1 },
  'its removal': { point: 'removal-recorded', words: ['rm', '--force', '--time', '0'], code: 137 },
};

for (const [title, { point, words, code }] of Object.entries(KILLED)) {
  test(`wait: ends also when the command that it races with is killed: ${title}`, async (t) => {
    if (!requires(t, 'root', 'overlay')) return;
    const { engine, options, tspod, stoppedAt } = await faults(t);
    const container = await engine.containers.create(options({ name: 'subject', command: ['sleep', '1000'] }));
    if (title === 'its removal') await tspod('start', 'subject');
    const command = await stoppedAt(point, ...words, 'subject');
    const ended = container.wait({ intervalMs: 10 });
    t.is(await Promise.race([ended, delay(200, 'it waits')]), 'it waits');
    await killHard(command.pid);
    t.is(await soon(ended), code);
  });
}

test('wait: for an end or for something else, whichever comes first', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const { engine, options } = await testEngine(t);
  const health = { test: ['CMD-SHELL', 'test -e /tmp/ready'], intervalMs: 50 };
  const container = await engine.containers.create(options({ command: ['sleep', '1000'], init: true, health }));
  await container.start();
  const healthy = container.wait({ conditions: ['healthy', 'exited'] });
  const paused = container.wait({ conditions: ['stopped', 'paused'], intervalMs: 10 });
  const ended = container.wait({ conditions: ['exited', 'created'], intervalMs: 2 * SOON_MS });
  await container.exec({ command: ['touch', '/tmp/ready'] });
  t.is(await soon(healthy), -1);
  await container.pause();
  t.is(await soon(paused), -1);
  await container.unpause();
  await container.kill();
  t.is(await soon(ended), 137, 'at once: its end is told');
});

const deaf = () =>
  new Writable({
    highWaterMark: 1,
    write() {
      // It never says that it has written.
    },
  });

const ENDS: Readonly<Record<string, (container: Container) => Promise<void>>> = {
  stop: (container) => container.stop({ timeoutSec: 0 }),
  kill: (container) => container.kill(),
  'remove by force': (container) => container.remove({ force: true, timeoutSec: 0 }),
  restart: (container) => container.restart({ timeoutSec: 0 }),
  'start, once it has ended': async (container) => {
    const { pid } = container.state();
    if (pid <= 0) throw new RangeError('it does not run');
    process.kill(pid, 'SIGKILL');
    await until('it has ended', () => container.state().status === 'exited');
    await container.start();
  },
};

for (const [title, end] of Object.entries(ENDS)) {
  test(`a client that does not read does not keep a container: ${title}`, async (t) => {
    if (!requires(t, 'root', 'overlay')) return;
    const { engine, options } = await testEngine(t);
    const container = await engine.containers.create(options({ command: ['yes'], log: { driver: 'none' } }));
    const session = await container.startAttached({ stdout: deaf() });
    const { pid, monitorPid } = container.state();
    await untilStalled(pid, monitorPid);
    await t.notThrowsAsync(soon(end(container)));
    session.detach();
  });
}

test('logs that are followed of a container that never ran end at once', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const { engine, options } = await testEngine(t);
  const container = await engine.containers.create(options({ command: ['true'], log: { driver: 'k8s-file' } }));
  const chunks = [];
  for await (const chunk of container.logs({ follow: true })) chunks.push(chunk);
  t.deepEqual(chunks, []);
});

test('what follows is left while it waits for what comes next', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const { engine, options } = await testEngine(t);
  const container = await engine.containers.create(
    options({ command: ['sh', '-c', 'echo line; sleep 1000'], log: { driver: 'k8s-file' }, init: true }),
  );
  await container.start();
  await until('it has written', async () => (await allOf(container.logs())).length > 0);
  const followers: Readonly<Record<string, () => AsyncIterable<unknown>>> = {
    events: () => engine.events({ follow: true, since: new Date(0), filters: { event: ['start'] } }),
    logs: () => container.logs({ follow: true }),
    stats: () => container.watchStats({ intervalMs: 10 * SOON_MS }),
  };
  for (const [title, follow] of Object.entries(followers)) {
    const items = follow()[Symbol.asyncIterator]();
    t.false((await items.next()).done, title);
    const pending = items.next();
    await soon(items.return?.() ?? Promise.reject(new Error(title)));
    t.deepEqual(await soon(pending), { done: true, value: undefined }, title);
    const stream = Readable.from(follow());
    await once(stream, 'data');
    stream.destroy();
    await soon(once(stream, 'close'));
  }
});

test('output that nobody takes any more does not keep a container or its session', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const { engine, options } = await testEngine(t);
  const much = ['head', '-c', '4000000', '/dev/zero'];
  const log = { driver: 'k8s-file' } as const;
  for (const through of [{ tty: true }, { log }]) {
    const child = await engine.spawn(options({ command: much, ...through }));
    await once(child.stdout, 'readable');
    child.stdout?.destroy();
    t.like(await soon(child.ended), { exitCode: 0 });
  }
  const container = await engine.containers.create(options({ command: much, log }));
  const stdout = new PassThrough();
  const session = await container.startAttached({ stdout });
  await once(stdout, 'readable');
  stdout.destroy();
  t.like(await soon(session.ended), { reason: 'exited', exitCode: 0 });
  const left = await container.startAttached({ stdout: new PassThrough() });
  const { pid, monitorPid } = container.state();
  await untilStalled(pid, monitorPid);
  left.detach();
  t.like(await soon(left.ended), { reason: 'detached' });
});

test('input that is destroyed or fails is at its end, also through the monitor', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const { engine, options } = await testEngine(t);
  const cat = options({ command: ['cat'], interactive: true, log: { driver: 'k8s-file' } });
  const destroyed = await engine.spawn(cat);
  destroyed.stdin?.destroy();
  t.like(await soon(destroyed.ended), { exitCode: 0 });
  const failed = await engine.spawn(cat);
  const source = createReadStream('/no/such/file');
  await t.throwsAsync(pipeline(source, failed.stdin as Writable), { code: 'ENOENT' });
  t.like(await soon(failed.ended), { exitCode: 0 });
  const container = await engine.containers.create(options({ command: ['sleep', '1000'], stopTimeoutSec: 0 }));
  await container.start();
  const stdin = new PassThrough();
  const session = await container.execAttached({ command: ['cat'], interactive: true, stdin });
  stdin.destroy();
  t.like(await soon(session.ended), { reason: 'exited', exitCode: 0 });
});

/** How many of the waits below watch a file or a directory, and how many a monitor. */
const WATCHING = 5;
const CONNECTED = 6;

test.serial('what only waits ends when the engine is closed', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const { engine, options, reopen } = await testEngine(t);
  const health = { test: ['CMD-SHELL', 'sleep 1000'], timeoutMs: 1_000_000, intervalMs: 0 };
  const { id } = await engine.containers.create(
    options({ command: ['sleep', '1000'], log: { driver: 'k8s-file' }, init: true, health }),
  );
  await engine.containers.get(id).start();
  const closed = await reopen();
  const container = closed.containers.get(id);
  const command = await container.createExec({ command: ['sleep', '1000'] });
  await command.start();
  const intervalMs = 10 * SOON_MS;
  const waits: Readonly<Record<string, () => Promise<unknown>>> = {
    events: () => allOf(closed.events({ follow: true })),
    'events until later': () => allOf(closed.events({ follow: true, until: new Date(Date.now() + intervalMs) })),
    logs: () => allOf(container.logs({ follow: true })),
    wait: () => container.wait(),
    'wait for something else': () => container.wait({ conditions: ['paused'], intervalMs }),
    'wait for an end or something else': () => container.wait({ conditions: ['paused', 'exited'], intervalMs }),
    'wait with a signal': () => container.wait({ signal: new AbortController().signal }),
    'wait of a command': () => command.wait(),
    stats: () => allOf(container.watchStats({ intervalMs })),
    healthcheck: () => container.healthcheck(),
  };
  const before = { watches: watches(), sockets: socketsOf(process.pid) };
  const ends = Object.entries(waits).map(([title, wait]) =>
    t.throwsAsync(soon(wait()), { code: 'ENGINE_CLOSED' }, title),
  );
  await until(
    'all of them wait',
    () => watches() >= before.watches + WATCHING && socketsOf(process.pid) >= before.sockets + CONNECTED,
  );
  await closed.close();
  await Promise.all(ends);
  t.is(engine.containers.get(id).state().status, 'running');
});

test('what runs in a container answers when its engine is closed meanwhile', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const { engine, options, reopen } = await testEngine(t);
  const command = ['sh', '-c', 'echo begun; read -r line; echo $line; exit 3'];
  const closed = await reopen();
  const input = new PassThrough();
  const runs = closed.run({ ...options({ command }), input });
  const spawned = [{}, { log: { driver: 'k8s-file' } } as const].map(async (more) => {
    const child = await closed.spawn({ ...options({ command, interactive: true, ...more }) });
    child.stdout?.resume();
    return child;
  });
  const children = await Promise.all(spawned);
  await until('all run', () => engine.containers.list().length === 3);
  await closed.close();
  input.end('the end\n');
  for (const { stdin } of children) stdin?.end('the end\n');
  t.like(await soon(runs), { exitCode: 3, stdout: 'begun\nthe end\n' });
  for (const { ended } of children) t.like(await soon(ended), { exitCode: 3 });
  await engine.containers.prune();
});

/** Files and directories that this process watches. */
const watches = () => process.getActiveResourcesInfo().filter((name) => name.startsWith('FSEvent')).length;

async function allOf<T>(items: AsyncIterable<T>): Promise<readonly T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

test.serial('a follower from which nobody takes more watches nothing once the engine is closed', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const { engine, options, reopen } = await testEngine(t);
  const container = await engine.containers.create(
    options({ command: ['sh', '-c', 'echo line; sleep 1000'], log: { driver: 'k8s-file' }, init: true }),
  );
  await container.start();
  await until('it has written', async () => (await allOf(container.logs())).length > 0);
  const before = watches();
  const closed = await reopen();
  const followers: readonly AsyncIterable<unknown>[] = [
    closed.events({ follow: true, since: new Date(0) }),
    closed.containers.get(container.id).logs({ follow: true }),
  ];
  for (const follower of followers) t.false((await follower[Symbol.asyncIterator]().next()).done);
  t.is(watches(), before + followers.length);
  await closed.close();
  await until('nothing is watched', () => watches() === before);
  for (const follower of followers) await t.throwsAsync(soon(allOf(follower)), { code: 'ENGINE_CLOSED' });
});

/** A container whose restarts wait in a hook of this stage; `held` is there once one does. */
async function startHeldUpLater(
  t: ExecutionContext,
  { root, runRoot, options }: TestEngine,
  { stage, command }: { readonly stage: string; readonly command: readonly string[] },
): Promise<{ readonly container: Container; readonly held: string }> {
  const directory = temporaryDirectory(t);
  const [script, once, held] = [join(directory, 'hook'), join(directory, 'once'), join(directory, 'held')];
  const lines = `if [ -e ${once} ]; then echo > ${held}; exec sleep 1000; fi; echo > ${once}`;
  writeFileSync(script, `#!/bin/sh\n${lines}\n`, { mode: 0o755 });
  const hook = { version: '1.0.0', hook: { path: script }, when: { always: true }, stages: [stage] };
  writeFileSync(join(directory, 'hook.json'), JSON.stringify(hook));
  const engine = await openEngine({ root, runRoot, hooksDirectories: [directory] });
  t.teardown(() => engine.close());
  const container = await engine.containers.create(options({ command, restart: { policy: 'always' } }));
  await container.start();
  return { container, held };
}

async function heldUpInRestart(t: ExecutionContext, stage: string): Promise<Container> {
  const { container, held } = await startHeldUpLater(t, await testEngine(t), { stage, command: ['false'] });
  await until('its restart is held up', () => existsSync(held));
  return container;
}

test('a restart that the first process is held up in ends with the container: stop', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const container = await heldUpInRestart(t, 'createContainer');
  await soon(container.stop());
  t.is(container.state().status, 'exited');
});

for (const [who, stage] of [
  ['first process', 'createContainer'],
  ['monitor', 'createRuntime'],
] as const) {
  test(`a restart that the ${who} is held up in ends with the container: remove by force`, async (t) => {
    if (!requires(t, 'root', 'overlay')) return;
    const container = await heldUpInRestart(t, stage);
    await soon(container.remove({ force: true }));
    t.throws(() => container.state(), { code: 'NO_SUCH_CONTAINER' });
  });
}

test('a restart that the first process is held up in ends with the container: kill', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const env = await faults(t);
  const command = ['sleep', '1000'];
  const { container, held } = await startHeldUpLater(t, env, { stage: 'createContainer', command });
  const kill = await env.stoppedAt('kill-recorded', 'kill', '--signal', 'USR1', container.name);
  await killHard(container.state().pid);
  await until('its restart is held up', () => existsSync(held));
  t.is((await soon(kill.goOn())).status, 0);
  // It has sent its signal, and waits for nothing.
  await soon(container.wait());
  t.is(container.state().status, 'exited');
});

/** One that was initialized, and whose start by somebody who has died since is held up. */
async function heldUpInStart(t: ExecutionContext): Promise<Container> {
  const { engine, options, runRoot } = await testEngine(t);
  const container = await engine.containers.create(options({ command: ['sleep', '1000'] }));
  await container.init();
  await suspend(container.state().pid);
  const starter = await connectMonitor(join(runRoot, 'c', container.id));
  starter.send('start', {});
  starter.close();
  return container;
}

test('a start that the first process is held up in ends with the container: stop', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const container = await heldUpInStart(t);
  await soon(container.stop());
  t.is(container.state().status, 'exited');
  await container.start();
});

test('a start that the first process is held up in ends when it is aborted', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const { engine, options } = await testEngine(t);
  const container = await engine.containers.create(options({ command: ['sleep', '1000'] }));
  const starts: readonly ((signal: AbortSignal) => Promise<unknown>)[] = [
    (signal) => container.start({ signal }),
    (signal) => container.startAttached({ signal }),
  ];
  for (const start of starts) {
    await container.init();
    await suspend(container.state().pid);
    await t.throwsAsync(soon(start(AbortSignal.timeout(500))), aborted);
    t.is(container.state().status, 'created');
  }
  await container.start();
});

test('an update that was killed while a restart is held up holds up nobody', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const env = await faults(t);
  const { container, held } = await startHeldUpLater(t, env, { stage: 'createContainer', command: ['false'] });
  await until('its restart is held up', () => existsSync(held));
  await env.killedAt('limits-changed', 'update', '--pids-limit', '50', container.name);
  const engine = await soon(env.reopen());
  t.is((await soon(env.tspod('ps', '--all'))).status, 0);
  await soon(engine.containers.get(container.id).remove({ force: true }));
});

test('an update of one whose restart is held up is refused, and changes nothing', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const container = await heldUpInRestart(t, 'createContainer');
  const update = container.update({ restart: { policy: 'no' }, resources: { pidsLimit: 50 } });
  await t.throwsAsync(soon(update), { code: 'UPDATE_FAILED', message: /does not answer: its restart is held up/ });
  t.like(container.inspect().HostConfig, { RestartPolicy: { Name: 'always' } });
  await soon(container.remove({ force: true }));
});

/** Stands for the monitor of a launch that was cut off before it wrote anything down. `says`: what it does with a connection. */
async function cutOff(t: ExecutionContext, says: string) {
  const env = await faults(t);
  const container = await env.engine.containers.create(env.options({ command: ['sleep', '1000'] }));
  await env.killedAt('run-directory-made', 'start', container.id);
  const script = `require('node:net').createServer((socket) => { ${says} }).listen('attach', () => console.log('listens'))`;
  const cwd = join(env.runRoot, 'c', container.id);
  const monitor = spawn(process.execPath, ['-e', script], { cwd, stdio: ['ignore', 'pipe', 'inherit'] });
  t.teardown(() => monitor.kill('SIGKILL'));
  await once(monitor.stdout, 'data');
  return { env, container, pid: monitor.pid ?? 0 };
}

test('a launch that was cut off, whose monitor does not answer, holds up nobody', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const { env, container, pid } = await cutOff(t, 'socket.resume()');
  t.is((await soon(env.tspod('ps', '--all'))).status, 0);
  const refused = { code: 'STATE_INVALID', message: /does not answer: it is being launched/ };
  await t.throwsAsync(soon(container.start()), refused);
  await killHard(pid);
  await container.start();
});

test('a launch that was cut off, whose monitor is stopped by SIGSTOP: that goes on, and gives up', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const { container, pid } = await cutOff(t, 'socket.destroy()');
  await suspend(pid);
  await soon(container.start());
  t.is(container.state().status, 'running');
});
