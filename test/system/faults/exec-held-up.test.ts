/** Commands of exec that their container holds up before they run: its root may stop what has joined it, and its cgroup may be frozen. */
import { existsSync, readFileSync } from 'node:fs';
import { PassThrough } from 'node:stream';
import test, { type ExecutionContext } from 'ava';

import type { Container, ExecOptions } from '../../../src/index.js';
import { writeCgroupFile } from '../../../src/native/index.js';
import { rejectsWith, testEngine, type TestEngine } from '../../helpers/engine.js';
import { faults } from '../../helpers/faults.js';
import { childrenOf } from '../../helpers/processes.js';
import { requires } from '../../helpers/requires.js';
import { soon } from '../../helpers/soon.js';
import { until } from '../../helpers/until.js';

/**
 * Makes files and takes a lease on each: who executes one waits until the lease is given back, or 45 seconds are over (fcntl(2)). What a stop or a freezer
 * does at some moment, this does before the last step of the launch.
 */
const HOLDS_UP = `
import fcntl, os, shutil, signal, time
signal.signal(signal.SIGIO, signal.SIG_IGN)
kept = []
for number in range(100):
    path = '/held/%d' % number
    shutil.copy('/bin/true', path)
    kept.append(os.open(path, os.O_RDWR))
    fcntl.fcntl(kept[-1], fcntl.F_SETLEASE, fcntl.F_WRLCK)
open('/held/ready', 'w').close()
time.sleep(1000)
`;

interface Holding extends TestEngine {
  readonly container: Container;
  /** A command that has not been held up yet. */
  readonly next: () => readonly string[];
}

async function holdingUp(t: ExecutionContext): Promise<Holding> {
  const env = await testEngine(t);
  const container = await env.engine.containers.create(
    env.options({
      command: ['python3', '-c', HOLDS_UP],
      mounts: [{ type: 'tmpfs', target: '/held', options: ['exec'] }],
      // A first process would give the leases back before the others are killed.
      init: true,
      stopTimeoutSec: 0,
    }),
  );
  await container.start();
  await until('it is ready', () => existsSync(`/proc/${String(container.state().pid)}/root/held/ready`));
  let count = 0;
  return { ...env, container, next: () => [`/held/${String(count++)}`] };
}

type Exec = (container: Container, options: ExecOptions & { readonly signal?: AbortSignal }) => Promise<unknown>;

const EXECS: Readonly<Record<string, Exec>> = {
  exec: (container, options) => container.exec(options),
  'exec with a terminal': (container, options) => container.exec({ ...options, tty: true }),
  spawnExec: (container, options) => container.spawnExec(options),
  'spawnExec, detached': (container, options) => container.spawnExec({ ...options, detach: true }),
  execAttached: (container, options) => container.execAttached({ ...options, stdout: new PassThrough() }),
  startExec: (container, options) => container.startExec(options),
  'start of a session': async (container, { signal, ...options }) =>
    (await container.createExec(options)).start({ ...(signal && { signal }) }),
  'startAttached of a session': async (container, { signal, ...options }) =>
    (await container.createExec(options)).startAttached({ stdout: new PassThrough(), ...(signal && { signal }) }),
};

test.serial('exec: one that is held up ends with its signal, and with its time', async (t) => {
  if (!requires(t, 'root', 'overlay', 'python3')) return;
  const before = childrenOf(process.pid);
  const { container, next } = await holdingUp(t);
  const { monitorPid } = container.state();
  const idle = (await container.top()).length;
  const own = () => childrenOf(process.pid).filter((pid) => pid !== monitorPid && !before.includes(pid));
  for (const [title, exec] of Object.entries(EXECS)) {
    const reason = new Error('enough');
    const abort = new AbortController();
    const aborted = t.throwsAsync(soon(exec(container, { command: next(), signal: abort.signal })), {
      code: 'ABORTED',
    });
    await until(`${title}: it is held up`, async () => (await container.top()).length > idle);
    abort.abort(reason);
    t.is((await aborted).cause, reason, title);
    await t.throwsAsync(soon(exec(container, { command: next(), timeoutMs: 300 })), { code: 'TIMED_OUT' }, title);
    t.deepEqual(own(), [], `${title}: its monitor is gone`);
  }
  t.deepEqual(
    container.execSessions().map((session) => session.inspect().ExitCode),
    [126, 126, 126, 126],
    'sessions that were made before have failed to start',
  );
});

const ENDS: Readonly<Record<string, (container: Container) => Promise<unknown>>> = {
  stop: (container) => container.stop(),
  kill: (container) => container.kill(),
  'remove by force': (container) => container.remove({ force: true }),
};

for (const [title, end] of Object.entries(ENDS)) {
  test(`${title}: of a container that holds up a command of exec`, async (t) => {
    if (!requires(t, 'root', 'overlay', 'python3')) return;
    const { container, next } = await holdingUp(t);
    const session = await container.createExec({ command: next() });
    const calls = [session.start(), container.startExec({ command: next() }), container.exec({ command: next() })];
    const ended = Promise.allSettled(calls);
    await until('they have begun', async () => (await container.top()).length === 2 + calls.length);
    await soon(end(container));
    for (const call of await soon(ended)) {
      t.like(call, { status: 'rejected', reason: { code: 'CONTAINER_STOPPED' } });
    }
  });
}

test('an engine is closed while a command of exec is held up', async (t) => {
  if (!requires(t, 'root', 'overlay', 'python3')) return;
  const { container, next, reopen } = await holdingUp(t);
  const other = await reopen();
  const session = await other.containers.get(container.id).createExec({ command: next() });
  const started = session.start().catch((error: unknown) => error);
  await until('it has begun', () => container.execSessions()[0]?.state() === 'running');
  await soon(other.close());
  await container.kill();
  t.like(await soon(started), { code: 'CONTAINER_STOPPED' });
});

test('exec session: one that is held up is ended and removed like one that runs', async (t) => {
  if (!requires(t, 'root', 'overlay', 'python3')) return;
  const { container, next } = await holdingUp(t);
  for (const end of ['stop', 'remove'] as const) {
    const session = await container.createExec({ command: next() });
    const started = session.start().catch((error: unknown) => error);
    await until('it has begun', () => session.state() === 'running');
    await rejectsWith(t, session.remove(), 'STATE_INVALID');
    await rejectsWith(t, session.start(), 'STATE_INVALID');
    await soon(end === 'stop' ? session.stop() : session.remove({ force: true }));
    t.like(await soon(started), { code: 'LAUNCH_FAILED' }, end);
  }
});

test('exec session: a removal waits for a start that is under way', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const env = await faults(t);
  const container = await env.engine.containers.create(env.options({ name: 'subject', command: ['sleep', '1000'] }));
  await container.start();
  const exec = await env.stoppedAt('exec-session-claimed', 'exec', '-d', 'subject', 'sleep', '1000');
  const [session] = container.execSessions();
  t.is(session?.state(), 'created');
  const removed = rejectsWith(t, session?.remove() ?? Promise.resolve(), 'STATE_INVALID');
  t.is((await exec.goOn()).status, 0);
  t.regex(await soon(removed), /is still running, cannot remove/);
  await session?.remove({ force: true, timeoutSec: 0 });
  t.deepEqual(container.execSessions(), []);
});

for (const verb of ['exec', 'exec -d']) {
  test(`${verb}: one that a pause overtakes runs after it, or ends with the container`, async (t) => {
    if (!requires(t, 'root', 'overlay')) return;
    const env = await faults(t);
    const container = await env.engine.containers.create(
      env.options({ name: 'subject', command: ['sleep', '1000'], stopTimeoutSec: 0 }),
    );
    await container.start();
    const overtaken = async (command: readonly string[]) => {
      const exec = await env.stoppedAt('exec-spawned', ...verb.split(' '), 'subject', ...command);
      await soon(container.pause());
      return { result: exec.goOn() };
    };
    const first = await overtaken(['true']);
    await container.unpause();
    t.is((await soon(first.result)).status, 0);
    const second = await overtaken(['sleep', '1000']);
    await soon(container.remove({ force: true }));
    await t.notThrowsAsync(soon(second.result));
  });
}

/** Where its processes are frozen, in cgroup version 1. */
function freezerOf({ pid }: { readonly pid: number }): string {
  const path = /:freezer:(.*)$/m.exec(readFileSync(`/proc/${String(pid)}/cgroup`, 'utf8'))?.[1] ?? '';
  return `/sys/fs/cgroup/freezer${path}`;
}

test.serial('exec: one that is frozen is given up without waiting for the thaw', async (t) => {
  if (!requires(t, 'root', 'overlay', 'cgroup1')) return;
  const { engine, options } = await testEngine(t);
  const container = await engine.containers.create(options({ command: ['sleep', '1000'], stopTimeoutSec: 0 }));
  await container.start();
  const freezer = freezerOf(container.state());
  await writeCgroupFile(freezer, 'freezer.state', 'FROZEN');
  await until('the freezing', () => readFileSync(`${freezer}/freezer.state`, 'utf8') === 'FROZEN\n');
  const command = ['sleep', '1000'];
  const session = await container.createExec({ command });
  const abort = new AbortController();
  const { signal } = abort;
  const calls: readonly Promise<unknown>[] = [session.start({ signal }), container.exec({ command, signal })];
  const aborted = calls.map((call) => rejectsWith(t, call, 'ABORTED'));
  const frozen = () => readFileSync(`${freezer}/cgroup.procs`, 'utf8').trim().split('\n');
  await until('they are frozen', () => frozen().length === 1 + calls.length);
  abort.abort();
  await soon(Promise.all(aborted));
  await rejectsWith(t, soon(container.exec({ command, timeoutMs: 100 })), 'TIMED_OUT');
  await writeCgroupFile(freezer, 'freezer.state', 'THAWED');
  await until('what was given up is gone', async () => (await container.top()).length === 1);
  t.is(session.state(), 'stopped');
  t.is(session.inspect().ExitCode, 126);
  await session.remove();
});
