/** What ends, or is started again, in the middle of an operation. */
import { existsSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { PassThrough } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';

import type { Container } from '../../../src/index.js';
import { connectMonitor } from '../../../src/native/monitor-spawn.js';
import { busyboxRoot } from '../../helpers/busybox.js';
import { faults, type Faults } from '../../helpers/faults.js';
import { untilLockAwaited } from '../../helpers/locks.js';
import { killHard, suspend } from '../../helpers/processes.js';
import { requires } from '../../helpers/requires.js';
import { temporaryDirectory } from '../../helpers/temp.js';
import { until } from '../../helpers/until.js';

const AGAIN = {
  initialized: (container: Container) => container.init(),
  running: (container: Container) => container.start(),
  paused: async (container: Container) => {
    await container.start();
    await container.pause();
  },
} as const;

for (const [state, make] of Object.entries(AGAIN)) {
  test(`remove with force: a container that is ${state} again after it was ended goes as well`, async (t) => {
    if (!requires(t, 'root', 'overlay')) return;
    const env = await faults(t);
    await env.tspod('run', '-d', '--name', 'subject', '--restart', 'always', ...env.flags, 'host:', 'sleep', '1000');
    const removal = await env.stoppedAt('stopped', 'rm', '--force', '--time', '0', 'subject');
    await make(env.engine.containers.get('subject'));
    const { status, stderr } = await removal.goOn();
    t.is(`${status} ${stderr}`, '0 ');
    t.false(env.engine.containers.exists('subject'));
  });
}

test('remove with force: a container that is needed again after it was ended is not ended once more', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const env = await faults(t);
  await env.tspod('run', '-d', '--name', 'subject', ...env.flags, 'host:', 'sleep', '1000');
  const removal = await env.stoppedAt('stopped', 'rm', '--force', '--time', '0', 'subject');
  await env.tspod('create', '--requires', 'subject', ...env.flags, 'host:', 'sleep', '1000');
  const container = env.engine.containers.get('subject');
  await container.start();
  const { status, stderr } = await removal.goOn();
  t.is(status, 125);
  t.regex(stderr, /has dependent containers/);
  t.is(container.state().status, 'running');
});

/** A pod and a container of it that is not started. */
async function podOf(t: ExecutionContext<unknown>) {
  const env = await faults(t);
  const { cgroupParent, engine } = env;
  const pod = await engine.pods.create({ name: 'group', cgroupParent });
  const options = { rootfs: busyboxRoot(t), rootfsOverlay: true, stopSignal: 'KILL', command: ['sleep', '1000'] };
  const member = await engine.containers.create({ name: 'member', pod: pod.id, ...options });
  const infra = engine.containers.get(pod.summary().infraId);
  return { env, pod, member, infra };
}

const readyForPods = (t: ExecutionContext<unknown>) => requires(t, 'root', 'busybox', 'overlay');

test('start in a pod: an infra container that is just being restarted is not stopped again', async (t) => {
  if (!readyForPods(t)) return;
  const { env, pod, member, infra } = await podOf(t);
  await pod.start();
  await member.stop();
  const restart = await env.stoppedAt('stop-recorded', 'restart', infra.id);
  const start = env.begin('start', 'member');
  await untilLockAwaited(lockOf(env, infra));
  t.is((await restart.goOn()).status, 0);
  t.is((await start.result).status, 0);
  const starts = [];
  for await (const event of env.engine.events({ filters: { container: [infra.id], event: ['start'] } }))
    starts.push(event);
  t.is(starts.length, 2);
  const [one, other] = [infra, member].map((container) => readlinkSync(`/proc/${container.state().pid}/ns/net`));
  t.is(one, other);
});

for (const { title, point, isInitialized } of [
  { title: 'being started', point: 'launch-recorded', isInitialized: false },
  { title: 'initialized and being started', point: 'gate-recorded', isInitialized: true },
] as const) {
  test(`pod rm: a container that is ${title} is in the way`, async (t) => {
    if (!readyForPods(t)) return;
    const { env, pod, member, infra } = await podOf(t);
    await infra.start();
    if (isInitialized) await member.init();
    const start = await env.stoppedAt(point, 'start', 'member');
    const { status, stderr } = await env.tspod('pod', 'rm', 'group');
    t.is(status, 125);
    t.regex(stderr, /as it is running - running or paused containers cannot be removed without force/);
    t.is((await start.goOn()).status, 0);
    t.is(member.state().status, 'running');
    await member.stop();
    await pod.remove();
  });

  test(`pod rm: one that was ${title} when that was killed is not`, async (t) => {
    if (!readyForPods(t)) return;
    const { env, pod, member, infra } = await podOf(t);
    await infra.start();
    if (isInitialized) await member.init();
    await env.killedAt(point, 'start', 'member');
    await pod.remove();
    t.deepEqual(env.engine.containers.list({ all: true }), []);
  });

  test(`pod rm: nothing is ${title} once the removal has begun`, async (t) => {
    if (!readyForPods(t)) return;
    const { env, member, infra } = await podOf(t);
    await infra.start();
    if (isInitialized) await member.init();
    const { start, removal } = await member.batch(async () => {
      const begun = env.begin('start', 'member');
      await untilLockAwaited(lockOf(env, member));
      return { start: begun, removal: await env.stoppedAt('pod-removal-recorded', 'pod', 'rm', 'group') };
    });
    const { status, stderr } = await start.result;
    t.is(status, 125);
    t.regex(stderr, /no such pod/);
    t.is((await removal.goOn()).status, 0);
    t.deepEqual(env.engine.containers.list({ all: true }), []);
  });
}

function lockOf({ runRoot }: Pick<Faults, 'runRoot'>, { id }: Pick<Container, 'id'>): string {
  return join(runRoot, 'locks', id);
}

test('start: one that was initialized, and is started by whoever died before, is started for who comes next', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const { engine, runRoot, flags, tspod } = await faults(t);
  await tspod('create', '--name', 'subject', ...flags, 'host:', 'sleep', '1000');
  const container = engine.containers.get('subject');
  await container.init();
  const { monitorPid, pid } = container.state();
  await suspend(monitorPid);
  const first = await connectMonitor(join(runRoot, 'c', container.id));
  first.send('start', {});
  first.close();
  await container.start();
  t.like(container.state(), { status: 'running', monitorPid, pid });
});

for (const flag of ['--rm', '--rm=false']) {
  test(`start: one that was initialized, was started by whoever died before, and has ended: ${flag}`, async (t) => {
    if (!requires(t, 'root', 'overlay')) return;
    const { engine, runRoot, flags, tspod, stoppedAt } = await faults(t);
    await tspod('create', '--name', 'subject', flag, ...flags, 'host:', 'sh', '-c', 'exit 3');
    const container = engine.containers.get('subject');
    await container.init();
    const start = await stoppedAt('gate-recorded', 'start', 'subject');
    const first = await connectMonitor(join(runRoot, 'c', container.id));
    first.send('start', {});
    first.onMessage(() => undefined);
    await first.closed;
    const { status, stderr } = await start.goOn();
    t.is(`${status} ${stderr}`, '0 ');
    const seen = [];
    for await (const { status: event } of engine.events({ filters: { container: [container.id] } })) seen.push(event);
    t.deepEqual(
      seen.filter((event) => event === 'start' || event === 'died'),
      ['start', 'died'],
    );
    if (flag === '--rm') t.false(engine.containers.exists('subject'));
    else {
      t.like(container.state(), { status: 'exited', exitCode: 3, error: '' });
      t.not(container.state().startedAt, null);
    }
  });
}

const STARTS = {
  start: (container: Container) => container.start(),
  startAttached: async (container: Container) => {
    let text = '';
    const stdout = new PassThrough().on('data', (chunk: Buffer) => (text += chunk.toString()));
    const session = await container.startAttached({ stdout });
    await until('it is up', () => text === 'up\n');
    session.detach();
  },
} as const;

for (const [title, start] of Object.entries(STARTS)) {
  test(`${title}: what is being given up, as whoever launched it has died, is launched anew`, async (t) => {
    if (!requires(t, 'root', 'overlay')) return;
    const { engine, options, stoppedAt } = await faults(t);
    const once = join(temporaryDirectory(t), 'once');
    const script = `[ -e ${once} ] || { echo >${once}; exec sleep 1000; }`;
    const hook = {
      kind: 'createContainer',
      path: '/bin/sh',
      args: ['sh', '-c', script],
      env: ['PATH=/usr/bin:/bin'],
    } as const;
    const container = await engine.containers.create(
      options({
        name: 'subject',
        command: ['sh', '-c', 'echo up; exec sleep 1000'],
        hooks: [hook],
      }),
    );
    const first = await stoppedAt('plan-sent', 'start', 'subject');
    await until('its launch is held up', () => existsSync(once));
    const { monitorPid, status } = container.state();
    t.is(status, 'initialized');
    await suspend(monitorPid);
    await killHard(first.pid);
    await start(container);
    t.is(container.state().status, 'running');
    t.not(container.state().monitorPid, monitorPid);
  });
}

test('stop: one that was initialized, and is started meanwhile by whoever died before, gets its stop signal', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const { engine, runRoot, flags, tspod, stoppedAt } = await faults(t);
  const command = ['sh', '-c', 'trap "exit 7" TERM; echo up; while :; do sleep 0.05; done'];
  await tspod('create', '--name', 'subject', '--log-driver', 'k8s-file', ...flags, 'host:', ...command);
  const container = engine.containers.get('subject');
  await container.init();
  const stop = await stoppedAt('stop-recorded', 'stop', 'subject');
  const first = await connectMonitor(join(runRoot, 'c', container.id));
  first.send('start', {});
  first.close();
  await until('it is up', async () => (await tspod('logs', 'subject')).stdout === 'up\n');
  t.is((await stop.goOn()).status, 0);
  t.is(container.state().exitCode, 7);
});

for (const [verb, end] of Object.entries<(container: Container) => Promise<void>>({
  stop: (container) => container.stop({ timeoutSec: 0 }),
  kill: (container) => container.kill(),
})) {
  test(`${verb}: what another process started, to be removed at its end, is gone afterwards`, async (t) => {
    if (!requires(t, 'root', 'overlay')) return;
    const { engine, flags, tspod, assertNothingLeft } = await faults(t);
    await tspod('run', '-d', '--rm', '--name', 'subject', ...flags, 'host:', 'sleep', '1000');
    await end(engine.containers.get('subject'));
    t.deepEqual(engine.containers.list({ all: true }), []);
    await assertNothingLeft();
  });
}

test('start: it waits for the monitor that undoes a start whose starter was killed', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const env = await faults(t);
  const directory = temporaryDirectory(t);
  // Each is held up the first time alone.
  const hook = (kind: 'createRuntime' | 'poststop') => {
    const [there, goOn] = [join(directory, kind), join(directory, `${kind}-go`)];
    const script = `[ -e ${there} ] && exit; echo > ${there}; while [ -e ${there} ] && [ ! -e ${goOn} ]; do sleep 0.05; done`;
    return { kind, path: '/bin/sh', args: ['sh', '-c', script] };
  };
  const isThere = (name: string) => until(`${name} is there`, () => existsSync(join(directory, name)));
  const hooks = [hook('createRuntime'), hook('poststop')];
  const container = await env.engine.containers.create(
    env.options({ name: 'subject', command: ['sleep', '1000'], autoRemove: true, hooks }),
  );
  const starter = env.begin('start', 'subject');
  await isThere('createRuntime');
  await killHard(starter.pid);
  writeFileSync(join(directory, 'createRuntime-go'), '');
  await isThere('poststop');
  const starting = container.start();
  t.is(await Promise.race([starting, delay(1000, 'it waits')]), 'it waits');
  writeFileSync(join(directory, 'poststop-go'), '');
  await starting;
  t.is(container.state().status, 'running');
  t.is((await container.exec({ command: ['true'] })).exitCode, 0);
});

test('pause: a container that ends in the middle of it is started again by its policy', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const env = await faults(t);
  await env.tspod('run', '-d', '--name', 'subject', '--restart', 'always', ...env.flags, 'host:', 'sleep', '1000');
  const container = env.engine.containers.get('subject');
  const pause = await env.stoppedAt('pause-recorded', 'pause', 'subject');
  await killUntilRestarting(container);
  const { status } = await pause.goOn();
  // Whatever came first: it is paused in its next life, or runs in that.
  if (status === 0) await container.unpause();
  await until('it runs', () => container.state().status === 'running');
  t.is((await container.exec({ command: ['true'] })).exitCode, 0);
});

test('pause: what is started again in a frozen cgroup is thawed by the next command', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const env = await faults(t);
  await env.tspod('run', '-d', '--name', 'subject', '--restart', 'always', ...env.flags, 'host:', 'sleep', '1000');
  const container = env.engine.containers.get('subject');
  const freezer = freezerOf(container);
  const pause = await env.stoppedAt('pause-recorded', 'pause', 'subject');
  await killUntilRestarting(container);
  const { monitorPid } = container.state();
  await suspend(monitorPid);
  await killHard(pause.pid);
  writeFileSync(freezer.path, freezer.frozen);
  process.kill(monitorPid, 'SIGCONT');
  const frozen = join(dirname(freezer.path), 'cgroup.procs');
  await until('its next life is in the frozen cgroup', () => readFileSync(frozen, 'utf8') !== '');
  t.is((await env.tspod('ps')).status, 0);
  await until('it runs', () => container.state().status === 'running');
  t.is((await env.tspod('rm', '--force', '--time', '0', 'subject')).status, 0);
});

test('unpause: a container that is killed in the middle of it is said to have ended', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const env = await faults(t);
  await env.tspod('run', '-d', '--name', 'subject', ...env.flags, 'host:', 'sleep', '1000');
  const container = env.engine.containers.get('subject');
  const freezer = freezerOf(container);
  await container.pause();
  const unpause = await env.stoppedAt('unpause-allowed', 'unpause', 'subject');
  killIfThere(container.state().pid);
  // In cgroup version 1 it does not die before; in version 2 there may be no cgroup any more.
  if (freezer.thawed === 'THAWED') writeFileSync(freezer.path, freezer.thawed);
  await until('its cgroup is gone', () => !existsSync(dirname(freezer.path)));
  const { status, stderr } = await unpause.goOn();
  t.is(status, 125);
  t.regex(
    stderr,
    /^Error: can only unpause paused containers\. [0-9a-f]{64} is in state exited: container state improper$/m,
  );
  t.is(container.state().exitCode, 137);
});

/**
 * Ends it until it is seen waiting for its restart, for 800 ms at least: each time it waits longer, so that a busy machine does not miss it. The next
 * launch counts as a restart from its beginning, and is shown in the same way.
 */
async function killUntilRestarting(container: Container): Promise<void> {
  let ended = { pid: 0, restartCount: 0 };
  for (let look = 0; look < 5000; look += 1) {
    const { status, pid, restartCount } = container.state();
    if (status === 'restarting' && restartCount === ended.restartCount && restartCount >= 3) return;
    if (pid !== 0 && pid !== ended.pid) {
      ended = { pid, restartCount };
      killIfThere(pid);
    }
    await delay(5);
  }
  throw new Error('the container was never seen restarting');
}

/** The next life may have taken its place since it was looked at. */
function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** The file that freezes all processes of a running container, and what is written to it. */
function freezerOf(container: Container): { readonly path: string; readonly frozen: string; readonly thawed: string } {
  const lines = readFileSync(`/proc/${container.state().pid}/cgroup`, 'utf8').split('\n');
  const first = lines.find((line) => line.includes(':freezer:'));
  return first === undefined
    ? {
        path: `/sys/fs/cgroup${lines.find((line) => line.startsWith('0::'))?.slice(3) ?? ''}/cgroup.freeze`,
        frozen: '1',
        thawed: '0',
      }
    : {
        path: `/sys/fs/cgroup/freezer${first.split(':')[2] ?? ''}/freezer.state`,
        frozen: 'FROZEN',
        thawed: 'THAWED',
      };
}

test('pause: a shell that starts one program after another stops, although it waits for each to begin', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const env = await faults(t);
  const command = ['sh', '-c', 'while :; do /bin/true; done'];
  const container = await env.engine.containers.create(env.options({ command, stopTimeoutSec: 0 }));
  await container.start();
  for (let round = 0; round < 10; round += 1) {
    await container.pause();
    t.is(container.state().status, 'paused');
    await container.unpause();
  }
});
