/** kill -9 of a container's monitor at every stage of its life: the next command ends what it left, and records that nobody knows how it ended. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';

import type { Container, CreateOptions } from '../../../src/index.js';
import type { Failpoint } from '../../../src/container/failpoint.js';
import { until } from '../../helpers/until.js';
import { rejectsWith } from '../../helpers/engine.js';
import { faults, type Faults } from '../../helpers/faults.js';
import { childrenOf, isAlive, killHard, socketsOf, suspend } from '../../helpers/processes.js';
import { statusField } from '../../helpers/native.js';
import { SLOW } from '../../helpers/pace.js';
import { requires } from '../../helpers/requires.js';
import { temporaryDirectory } from '../../helpers/temp.js';

const NAME = 'subject';

/** Says that it is up, and ends on nothing but SIGKILL. */
const STUBBORN = ['sh', '-c', 'trap "" TERM; echo up; while :; do sleep 0.1; done'];

interface Stage {
  readonly options?: CreateOptions;
  /** Brings the container there. */
  readonly reach: (env: Faults, container: Container) => Promise<unknown>;
  /** The container wrote something that its log has kept. */
  readonly logged?: boolean;
}

const STAGES: Readonly<Record<string, Stage>> = {
  'at the gate': { reach: (_env, container) => container.init() },
  running: { reach: (env, container) => startUp(env, container), logged: true },
  'running with --init': { options: { init: true }, reach: (env, container) => startUp(env, container), logged: true },
  'running with a terminal': {
    options: { tty: true },
    reach: (env, container) => startUp(env, container),
    logged: true,
  },
  'running in the pid namespace of the host': {
    options: { pid: 'host' },
    reach: (env, container) => startUp(env, container),
    logged: true,
  },
  paused: {
    reach: async (env, container) => {
      await startUp(env, container);
      await container.pause();
    },
    logged: true,
  },
  stopping: {
    reach: async (env, container) => {
      await startUp(env, container);
      await env.stoppedAt('stop-signal-sent', 'stop', '--time', '1000', NAME);
    },
    logged: true,
  },
  'with a health check that runs': {
    options: { health: { test: ['CMD-SHELL', 'setsid sleep 1000 & sleep 1000'] } },
    reach: startUpChecked,
    logged: true,
  },
  'with a health check that runs, in the pid namespace of the host': {
    options: { pid: 'host', health: { test: ['CMD-SHELL', 'setsid sleep 1000 & sleep 1000'] } },
    reach: startUpChecked,
    logged: true,
  },
  'waiting for its restart': {
    options: { command: ['sh', '-c', 'echo up; exit 1'], restart: { policy: 'always' } },
    reach: async (_env, container) => {
      await container.start();
      await until('the delay is long', () => (container.state().restartCount ?? 0) >= 4);
      await until('it waits for its restart', () => container.state().status === 'restarting');
    },
    logged: true,
  },
};

/** By another process: here nobody waits for its end. */
async function startUp(env: Faults, container: Container): Promise<void> {
  await env.tspod('start', container.id);
  await until('it is up', async () => (await logOf(container)).includes('up'));
}

async function startUpChecked(env: Faults, container: Container): Promise<void> {
  await startUp(env, container);
  const { pid, monitorPid } = container.state();
  const checks = (): readonly number[] => childrenOf(monitorPid).filter((child) => child !== pid);
  await until('its command runs', () => checks().flatMap(childrenOf).flatMap(childrenOf).length > 1);
}

async function logOf(container: Container): Promise<string> {
  let text = '';
  for await (const { data } of container.logs()) text += data.toString();
  return text;
}

function subject(env: Faults, options: CreateOptions = {}): Promise<Container> {
  return env.engine.containers.create(
    env.options({ name: NAME, command: STUBBORN, log: { driver: 'k8s-file' }, ...options }),
  );
}

for (const [title, stage] of Object.entries(STAGES)) {
  test(`the monitor is killed: ${title}`, async (t) => {
    if (!requires(t, 'root', 'overlay')) return;
    const env = await faults(t);
    const container = await subject(env, stage.options);
    await stage.reach(env, container);
    const { pid, monitorPid } = container.state();
    await killHard(monitorPid);

    t.deepEqual(await env.recovers(title), [{ id: container.id, status: 'exited' }]);
    t.true(pid === 0 || !isAlive(pid), 'its process is gone');
    t.like(container.state(), { exitCode: -1, pid: 0, monitorPid: 0, error: 'its monitor died' });
    if (stage.logged === true) t.regex(await logOf(container), /^(up\r?\n)+$/);
    await startsAgain(t, container);
    await env.removesAll(title);
  });

  // A policy and the removal exclude each other.
  if (stage.options?.restart !== undefined) continue;
  test(`the monitor of a container that is to be removed is killed: ${title}`, async (t) => {
    if (!requires(t, 'root', 'overlay')) return;
    const env = await faults(t);
    const container = await subject(env, { ...stage.options, autoRemove: true });
    await stage.reach(env, container);
    const { pid, monitorPid } = container.state();
    await killHard(monitorPid);
    t.deepEqual(await env.recovers(title), []);
    t.false(isAlive(pid));
  });
}

async function startsAgain(t: ExecutionContext<unknown>, container: Container): Promise<void> {
  await container.start();
  t.true(['running', 'restarting', 'stopped'].includes(container.state().status));
  t.is(container.state().error, '');
}

/** What is said of it; systemd, which was to put it into a scope, finds that there is no such process. */
const MONITOR_GONE = /monitor.* (died|is gone)|Process with ID \d+ does not exist/;

/** The command is stopped between two of its steps, its monitor is killed, the command goes on. */
const LAUNCHING: Readonly<Record<string, { readonly points: readonly Failpoint[]; readonly gated: boolean }>> = {
  start: { points: ['monitor-spawned', 'plan-sent'], gated: false },
  init: { points: ['monitor-spawned', 'plan-sent'], gated: false },
  'start of an initialized one': { points: ['gate-recorded', 'start-asked'], gated: true },
};

for (const [title, { points, gated }] of Object.entries(LAUNCHING)) {
  test(`the monitor is killed: ${title}`, async (t) => {
    if (!requires(t, 'root', 'overlay')) return;
    const env = await faults(t);
    for (const point of points) {
      const what = `${title} at ${point}`;
      const container = await subject(env);
      if (gated) await container.init();
      const command = await env.stoppedAt(point, title.split(' ')[0] ?? '', NAME);
      await killHard(gated ? container.state().monitorPid : (childrenOf(command.pid)[0] ?? 0));
      const { status, stderr } = await command.goOn();
      // The monitor may have done all of it before.
      const after = status === 0 ? 'exited' : 'created';
      t.regex(stderr, status === 0 ? /^$/ : MONITOR_GONE, what);
      t.deepEqual(await env.recovers(what), [{ id: container.id, status: after }], what);
      t.regex(container.state().error, status === 0 ? /its monitor died/ : /monitor|Process with ID/, what);
      await startsAgain(t, container);
      await env.removesAll(what);
    }
  });
}

/** Each kind takes for ever, and tells its process id. */
const HOOKS = ['prestart', 'createRuntime', 'createContainer', 'startContainer', 'poststart'] as const;

for (const kind of HOOKS) {
  for (const cgroups of ['enabled', 'disabled'] as const) {
    test(`the monitor is killed: during a ${kind} hook, cgroups ${cgroups}`, async (t) => {
      if (!requires(t, 'root', 'overlay')) return;
      const env = await faults(t);
      const directory = temporaryDirectory(t);
      const { cgroupParent, ...options } = env.options({
        name: NAME,
        command: STUBBORN,
        mounts: [{ type: 'bind', source: directory, target: directory }],
        hooks: [slowHook(kind, directory)],
      });
      const container = await env.engine.containers.create({
        ...options,
        ...(cgroups === 'disabled' || cgroupParent === undefined ? { cgroups } : { cgroupParent }),
      });
      const starting = container.start();
      starting.catch(() => undefined);
      const told = await toldPid(directory);
      const { pid, monitorPid } = container.state();
      // A hook in the container knows its process id there only.
      const hook = kind.endsWith('Container') ? (childrenOf(pid)[0] ?? 0) : told;
      t.true(isAlive(hook) && isAlive(pid) && isAlive(monitorPid));
      await killHard(monitorPid);
      t.regex(await rejectsWith(t, starting, 'MONITOR_DIED'), /while it launched/);
      t.deepEqual(await env.recovers(kind), [{ id: container.id, status: 'created' }]);
      t.false(isAlive(pid), 'the process of the container');
      await until('the hook is gone', () => !isAlive(hook));
      await env.removesAll(kind);
    });
  }
}

test('the monitor is killed: who then begins to wait is told of the end', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const env = await faults(t);
  const container = await subject(env);
  await startUp(env, container);
  const { pid, monitorPid } = container.state();
  await killHard(monitorPid);
  t.is(await container.wait({ signal: AbortSignal.timeout(60_000 * SLOW) }), -1);
  t.false(isAlive(pid));
  t.is(container.state().status, 'exited');
});

for (const [title, end] of Object.entries({ 'runs on': false, 'has ended meanwhile': true })) {
  for (const words of [
    ['stop', '--time', '0'],
    ['restart', '--time', '0'],
    ['rm', '--force', '--time', '0'],
  ]) {
    test(`the monitor is stopped by SIGSTOP, its container ${title}: ${words[0] ?? ''}`, async (t) => {
      if (!requires(t, 'root', 'overlay')) return;
      const env = await faults(t);
      const container = await subject(env);
      await startUp(env, container);
      const { pid, monitorPid } = container.state();
      await suspend(monitorPid);
      if (end) await killHard(pid);
      const looks = [['ps'], ['inspect', NAME], ['logs', NAME], ...(end ? [] : [['exec', NAME, 'true']])];
      for (const look of looks) t.is((await env.tspod(...look)).status, 0, look[0]);
      const { status, stderr } = await env.tspod(...words, NAME);
      t.is(`${String(status)} ${stderr}`, '0 ');
      t.false(isAlive(pid));
      if (words[0] === 'stop') t.is(container.state().exitCode, 137);
      if (words[0] === 'restart') t.is((await env.tspod('exec', NAME, 'true')).status, 0);
      await env.removesAll(title);
    });
  }
}

for (const point of ['stop-told', 'stop-signal-sent'] as const) {
  test(`the monitor is stopped by SIGSTOP while its container is being stopped: ${point}`, async (t) => {
    if (!requires(t, 'root', 'overlay')) return;
    const env = await faults(t);
    const container = await subject(env);
    await startUp(env, container);
    const { pid, monitorPid } = container.state();
    const stop = await env.stoppedAt(point, 'stop', '--time', '1', NAME);
    await suspend(monitorPid);
    const { status, stderr } = await stop.goOn();
    t.is(status, 0, stderr);
    t.deepEqual([pid, monitorPid].filter(isAlive), []);
    t.like(container.state(), { status: 'exited', exitCode: 137 });
  });
}

test('the monitor is stopped by SIGSTOP: who attaches is served', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const env = await faults(t);
  const container = await subject(env);
  await startUp(env, container);
  const { pid, monitorPid } = container.state();
  const command = await container.createExec({ command: ['sleep', '1000'] });
  await command.start();
  const commandsMonitor = Number(statusField(command.inspect().Pid, 'PPid'));
  await suspend(monitorPid, commandsMonitor);
  const attached = await container.attach({});
  (await command.attach({})).detach();
  await killHard(pid);
  t.like(await attached.ended, { reason: 'exited', exitCode: 137 });
});

test.serial('the monitor is stopped by SIGSTOP: who waits or is attached by then is told of the end', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const env = await faults(t);
  const container = await subject(env);
  const started = await container.startAttached({});
  const attached = await container.attach({});
  const sockets = socketsOf(process.pid);
  const waited = container.wait({ signal: AbortSignal.timeout(60_000 * SLOW) });
  await until('it waits', () => socketsOf(process.pid) > sockets);
  const { pid, monitorPid } = container.state();
  await suspend(monitorPid);
  await killHard(pid);
  t.is(await waited, 137);
  for (const { ended } of [started, attached]) t.like(await ended, { reason: 'exited', exitCode: 137 });
});

test('the monitor of a command is stopped by SIGSTOP: who waits for that is told of its end', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const env = await faults(t);
  const container = await subject(env);
  await startUp(env, container);
  const attached = await container.execAttached({ command: ['sleep', '4321'] });
  const session = await container.createExec({ command: ['sleep', '4322'] });
  await session.start();
  const waited = session.wait({ signal: AbortSignal.timeout(60_000 * SLOW) });
  const pids = env
    .processes()
    .flatMap((line) => /^process (\d+) sleep 432[12] /.exec(line)?.[1] ?? [])
    .map(Number);
  t.is(pids.length, 2);
  await suspend(...pids.map((pid) => Number(statusField(pid, 'PPid'))));
  for (const pid of pids) await killHard(pid);
  t.like(await attached.ended, { reason: 'exited', exitCode: 137 });
  t.is(await waited, 137);
});

test('the monitor is killed: during a poststop hook', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const env = await faults(t);
  const directory = temporaryDirectory(t);
  const container = await subject(env, {
    hooks: [slowHook('poststop', directory)],
    command: ['sh', '-c', 'trap "exit 3" TERM; echo up; while :; do sleep 0.05; done'],
  });
  await startUp(env, container);
  const { pid, monitorPid } = container.state();
  process.kill(pid, 'SIGTERM');
  const hook = await toldPid(directory);
  await killHard(monitorPid);
  t.deepEqual(await env.recovers('poststop'), [{ id: container.id, status: 'exited' }]);
  t.is(container.state().exitCode, 3, 'the end was recorded before');
  await until('the hook is gone', () => !isAlive(hook));
});

test('a hook that never ends: a container whose launch was cut off is removed all the same', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const env = await faults(t);
  const directory = temporaryDirectory(t);
  const container = await subject(env, { hooks: [slowHook('createRuntime', directory)] });
  const { pid } = env.begin('start', NAME);
  const hook = await toldPid(directory);
  await killHard(pid);
  const { pid: first, monitorPid } = container.state();
  await env.removesAll('a hook that never ends');
  t.deepEqual([hook, first, monitorPid].filter(isAlive), []);
});

for (const [title, flags] of Object.entries({ '': [], ', with a terminal': ['-t'] })) {
  test(`the monitor is killed: of a command in a container${title}`, async (t) => {
    if (!requires(t, 'root', 'overlay')) return;
    const env = await faults(t);
    const container = await subject(env);
    await startUp(env, container);
    // Until then exec says that the launch failed.
    const { pid, goOn } = await env.stoppedAt('exec-started', 'exec', ...flags, NAME, 'sleep', '4321');
    await killHard(childrenOf(pid)[0] ?? 0);
    t.deepEqual(await env.recovers('exec'), [{ id: container.id, status: 'running' }]);
    await env.removesAll('exec');
    const { status, stderr } = await goOn();
    t.is(status, 255);
    t.is(stderr, `Error: the monitor of a command in container ${NAME} died: how the command ended is unknown\n`);
  });
}

for (const [title, words] of Object.entries({ start: ['start', '--attach'], attach: ['attach'] })) {
  test(`the monitor is killed: ${title} of who is attached says so`, async (t) => {
    if (!requires(t, 'root', 'overlay')) return;
    const env = await faults(t);
    const container = await subject(env, {
      command: ['sh', '-c', 'trap "" TERM; while :; do echo up; sleep 0.1; done'],
    });
    if (title === 'attach') await startUp(env, container);
    const { heard, result } = env.begin(...words, NAME);
    await until('it is attached', () => heard().includes('up'));
    const { pid, monitorPid } = container.state();
    await killHard(monitorPid);
    const { status, stderr } = await result;
    t.is(status, 255);
    t.is(
      stderr,
      `Error: the monitor of container ${NAME} died: the container was stopped, and its exit code is unknown\n`,
    );
    t.false(isAlive(pid));
    t.is(container.state().status, 'exited');
  });
}

test('the monitor is killed: while a command runs in its container', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const env = await faults(t);
  const container = await subject(env);
  await startUp(env, container);
  const { goOn } = await env.stoppedAt('exec-started', 'exec', NAME, 'sleep', '4321');
  await killHard(container.state().monitorPid);
  t.deepEqual(await env.recovers('exec'), [{ id: container.id, status: 'exited' }]);
  t.is((await goOn()).status, 137);
});

for (const flags of [[], ['--rm'], ['-t'], ['--rm', '-t']]) {
  test(`the monitor is killed: of an attached run ${flags.join(' ')}`, async (t) => {
    if (!requires(t, 'root', 'overlay')) return;
    const env = await faults(t);
    const { heard, result } = env.begin('run', ...flags, '--name', NAME, ...env.flags, 'host:', ...STUBBORN);
    const state = () => env.engine.containers.get(NAME).state();
    // Its output may come first.
    await until('it is up', () => heard().includes('up') && state().status === 'running');
    const { pid, monitorPid } = state();
    await killHard(monitorPid);
    const { status, stderr } = await result;
    t.is(status, 255, 'nobody knows how it ended');
    const after = flags[0] === '--rm' ? 'stopped and removed' : 'stopped';
    t.is(
      stderr,
      `Error: the monitor of container ${NAME} died: the container was ${after}, and its exit code is unknown\n`,
    );
    t.false(isAlive(pid));
    const listed = await env.recovers('run');
    t.deepEqual(
      listed.map(({ status }) => status),
      flags[0] === '--rm' ? [] : ['exited'],
    );
  });
}

function slowHook(kind: (typeof HOOKS)[number] | 'poststop', directory: string) {
  const script = `echo $$ > ${directory}/pid.new; mv ${directory}/pid.new ${directory}/pid; exec sleep 1000`;
  return { kind, path: '/bin/sh', args: ['sh', '-c', script], env: ['PATH=/usr/bin:/bin'] };
}

async function toldPid(directory: string): Promise<number> {
  await until('the hook runs', () => existsSync(join(directory, 'pid')));
  return Number(readFileSync(join(directory, 'pid'), 'utf8'));
}
