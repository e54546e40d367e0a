/** Health checks of real containers, by the library: what runs where, who sees the result, what is left. */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';

import { busyboxRoot } from '../../helpers/busybox.js';
import { until } from '../../helpers/until.js';
import { rejectsWith, testEngine, type TestEngine } from '../../helpers/engine.js';
import { childrenOf, isAlive, suspend } from '../../helpers/processes.js';
import { requires } from '../../helpers/requires.js';
import type { Container, CreateOptions, HealthOptions } from '../../../src/index.js';

interface Subject {
  readonly env: TestEngine;
  /** Of the container, on the host. */
  readonly root: string;
  readonly start: (health: HealthOptions, options?: CreateOptions) => Promise<Container>;
}

function onBusybox(title: string, body: (t: ExecutionContext, subject: Subject) => Promise<void>): void {
  test(title, async (t) => {
    if (!requires(t, 'root', 'busybox')) return;
    // Checks write to it until the engine's containers are removed.
    const root = busyboxRoot(t);
    const env = await testEngine(t);
    const start = async (health: HealthOptions, options: CreateOptions = {}): Promise<Container> => {
      const container = await env.engine.containers.create(
        env.options({ rootfs: root, command: ['sleep', '1000'], stopTimeoutSec: 0, health, ...options }),
      );
      await container.start();
      return container;
    };
    await body(t, { env, root, start });
  });
}

const SHELL = (script: string): readonly string[] => ['CMD-SHELL', script];
const ONLY_WHEN_ASKED = { intervalMs: 0 };

function lastOutput(container: Container): string {
  return container.inspect().State.Health?.Log?.at(-1)?.Output ?? '';
}

onBusybox('health: a check runs in the container, as its user, in its directory', async (t, { start }) => {
  const script =
    'id -u; pwd; hostname; echo $KEY; cat /proc/self/cgroup | wc -l; ls /proc/1/root >&- 2>&- ; cat /proc/1/comm';
  const container = await start(
    { test: SHELL(script), ...ONLY_WHEN_ASKED },
    { user: '7', workdir: '/tmp', hostname: 'patient', env: { KEY: 'value' } },
  );
  const { status } = await container.healthcheck();
  t.is(status, 'healthy');
  const [uid, directory, host, key, , name] = lastOutput(container).split('\n');
  t.deepEqual([uid, directory, host, key, name], ['7', '/tmp', 'patient', 'value', 'sleep']);
});

onBusybox('health: a check is in the cgroup of the container and has no more rights than it', async (t, { start }) => {
  const container = await start({
    test: SHELL('cat /proc/self/cgroup; grep -E "Cap|Seccomp:|NoNew" /proc/self/status'),
    ...ONLY_WHEN_ASKED,
    maxLogBytes: 10_000,
  });
  await container.healthcheck();
  const exec = await container.exec({
    command: ['sh', '-c', 'cat /proc/self/cgroup; grep -E "Cap|Seccomp:|NoNew" /proc/self/status'],
  });
  t.is(lastOutput(container), exec.stdout);
  t.regex(exec.stdout, /Seccomp:\t2/);
});

onBusybox('health: inspect tells of the last checks', async (t, { start }) => {
  const container = await start({ test: ['CMD', 'sh', '-c', 'echo bad; exit 3'], ...ONLY_WHEN_ASKED, retries: 1 });
  t.deepEqual(container.inspect().State.Health, { Status: 'starting', FailingStreak: 0, Log: null });
  t.is((await container.healthcheck()).status, 'unhealthy');
  const { Status, FailingStreak, Log } = container.inspect().State.Health ?? { Log: null };
  t.deepEqual([Status, FailingStreak, Log?.length], ['unhealthy', 1, 1]);
  t.like(Log?.[0], { ExitCode: 3, Output: 'bad\n' });
  t.true(new Date(Log?.[0]?.End ?? '') >= new Date(Log?.[0]?.Start ?? ''));
  await container.stop();
  t.is(container.inspect().State.Health?.Status, 'unhealthy', 'it is kept after the end');
  await container.start();
  t.deepEqual(container.inspect().State.Health, { Status: 'starting', FailingStreak: 0, Log: null });
});

onBusybox('health: wait and list see it while it changes', async (t, { env, root, start }) => {
  const container = await start({ test: SHELL('test -e /well'), intervalMs: 50, retries: 2 });
  const health = (): string | null | undefined =>
    env.engine.containers.list({ filters: { health: ['healthy', 'unhealthy', 'starting'] } })[0]?.health;
  await container.wait({ conditions: ['unhealthy'], intervalMs: 10 });
  t.is(health(), 'unhealthy');
  writeFileSync(join(root, 'well'), '');
  await container.wait({ conditions: ['healthy'], intervalMs: 10 });
  t.is(health(), 'healthy');
  t.is(env.engine.containers.list({ filters: { health: ['none'] } }).length, 0);
  await container.stop();
  t.is(env.engine.containers.list({ all: true })[0]?.health, null);
});

onBusybox('health: nothing is checked while it is paused, the checks go on afterwards', async (t, { root, start }) => {
  const container = await start({ test: SHELL('echo >> /checks'), intervalMs: 30 });
  const checks = (): number =>
    existsSync(join(root, 'checks')) ? readFileSync(join(root, 'checks'), 'utf8').length : 0;
  await until('the first check', () => checks() > 0);
  await container.pause();
  t.is((await container.healthcheck()).status, 'stopped');
  const paused = checks();
  await new Promise((resolve) => setTimeout(resolve, 300));
  t.is(checks(), paused);
  t.not(container.inspect().State.Health?.Status, 'unhealthy');
  await container.unpause();
  await until('a check after the pause', () => checks() > paused);
});

onBusybox(
  'health: a check that is frozen in the middle goes on when the container does',
  async (t, { root, start }) => {
    const container = await start({
      test: SHELL('echo > /begun; while ! test -e /go; do sleep 0.02; done'),
      ...ONLY_WHEN_ASKED,
      timeoutMs: 10_000,
      retries: 1,
    });
    const result = container.healthcheck();
    await until('the check', () => existsSync(join(root, 'begun')));
    await container.pause();
    await new Promise((resolve) => setTimeout(resolve, 12_000));
    writeFileSync(join(root, 'go'), '');
    await container.unpause();
    t.is((await result).status, 'healthy');
  },
);

for (const pid of ['private', 'host'] as const) {
  onBusybox(`health: a check that never ends is killed at its limit, pid ${pid}`, async (t, { env, root, start }) => {
    const container = await start(
      {
        test: SHELL('for i in 1 2; do setsid sleep 1000 & echo $! >> /pids; done; echo $$ >> /pids; sleep 1000'),
        ...ONLY_WHEN_ASKED,
        timeoutMs: 5000,
        retries: 1,
      },
      { pid },
    );
    t.is((await container.healthcheck()).status, 'unhealthy');
    t.is(readFileSync(join(root, 'pids'), 'utf8').trim().split('\n').length, 3);
    t.is(container.inspect().State.Health?.Log?.[0]?.ExitCode, -1);
    const { pid: init, monitorPid } = container.state();
    await until('the check is gone', () => childrenOf(monitorPid).every((child) => child === init));
    const script = 'for p in $(cat /pids); do grep State /proc/$p/status; done | grep -v zombie; true';
    await until(
      'what it started is gone',
      async () => (await container.exec({ command: ['sh', '-c', script] })).stdout === '',
    );
    await container.remove({ force: true, timeoutSec: 0 });
    await env.assertNothingLeft();
  });

  onBusybox(`health: a check that runs ends with the container, pid ${pid}`, async (_, { env, root, start }) => {
    const container = await start(
      { test: SHELL('setsid sleep 1000 & echo > /begun; sleep 1000'), intervalMs: 10 },
      { pid },
    );
    await until('the check', () => existsSync(join(root, 'begun')));
    await container.remove({ force: true, timeoutSec: 0 });
    await env.assertNothingLeft();
  });
}

onBusybox('health: checks leave no process in the container behind', async (t, { start }) => {
  const container = await start({ test: SHELL('sleep 1000 & true'), ...ONLY_WHEN_ASKED });
  for (let i = 0; i < 3; i += 1) t.is((await container.healthcheck()).status, 'healthy');
  const command = ['sh', '-c', 'ps | grep -c "sleep 1000$"'];
  await until('there is its own command alone', async () => (await container.exec({ command })).stdout === '1\n');
});

onBusybox('health: restart gives an unhealthy container another life', async (t, { root, start }) => {
  const container = await start(
    { test: SHELL('test -e /well'), intervalMs: 50, retries: 1, onFailure: 'restart' },
    { command: ['sh', '-c', 'echo >> /runs; exec sleep 1000'] },
  );
  const runs = join(root, 'runs');
  await until('the second life', () => existsSync(runs) && readFileSync(runs, 'utf8').length >= 2);
  writeFileSync(join(root, 'well'), '');
  await container.wait({ conditions: ['healthy'], intervalMs: 10 });
  t.true(container.state().restartCount >= 1);
  await container.stop();
  t.is(container.state().status, 'exited');
});

onBusybox('health: a check that outlives its life says nothing of the next one', async (t, { root, start }) => {
  const container = await start(
    { test: SHELL('test -e /begun || { echo > /begun; exec sleep 1000; }'), intervalMs: 50, retries: 1 },
    // With a namespace of its own a container does not end before a check's command is reaped.
    { restart: { policy: 'always' }, pid: 'host' },
  );
  await until('the check', () => existsSync(join(root, 'begun')));
  const { pid, monitorPid } = container.state();
  const check = childrenOf(monitorPid).find((child) => child !== pid) ?? 0;
  // It does not see that it is to end.
  t.teardown(() => isAlive(check) && process.kill(check, 'SIGCONT'));
  await suspend(check);
  process.kill(pid, 'SIGKILL');
  await until('a check of the next life', () => (container.inspect().State.Health?.Log ?? []).length > 0);
  t.true(isAlive(check));
  t.is(container.state().restartCount, 1);
  const { Status, Log } = container.inspect().State.Health ?? {};
  t.deepEqual([Status, Log?.[0]?.ExitCode, Log?.[0]?.Output], ['healthy', 0, '']);
  process.kill(check, 'SIGCONT');
  await until('it is gone', () => !childrenOf(monitorPid).includes(check));
  await container.stop();
});

onBusybox('health: kill and stop are final, also with a restart policy', async (t, { root, start }) => {
  for (const [onFailure, exitCode] of [
    ['kill', 137],
    ['stop', 0],
  ] as const) {
    const container = await start(
      { test: SHELL('! test -e /up'), intervalMs: 50, retries: 1, onFailure },
      {
        restart: { policy: 'always' },
        stopTimeoutSec: 60,
        init: true,
        command: ['sh', '-c', 'trap "exit 0" TERM; touch /up; while :; do sleep 0.05; done'],
      },
    );
    t.is(await container.wait(), exitCode, onFailure);
    t.is(container.state().restartCount, 0);
    await container.remove();
    // The next one says itself when it listens to signals.
    rmSync(join(root, 'up'));
  }
});

onBusybox('health: a start-up check that goes on failing restarts the container', async (t, { start }) => {
  const container = await start({
    test: SHELL('true'),
    startup: { test: SHELL('exit 1'), intervalMs: 20, retries: 2 },
  });
  await until('the restart', () => container.state().restartCount >= 1);
  t.is(container.inspect().State.Health?.Status, 'starting');
  await container.stop();
  t.is(container.state().status, 'exited');
});

onBusybox('health: containers that do not run, or have no check', async (t, { env, root, start }) => {
  const created = await env.engine.containers.create(
    env.options({ rootfs: root, command: ['true'], health: { test: SHELL('true') } }),
  );
  t.is((await created.healthcheck()).status, 'stopped');
  const unchecked = await start({ test: ['NONE'] });
  await rejectsWith(t, unchecked.healthcheck(), 'NO_HEALTHCHECK');
  await rejectsWith(t, unchecked.wait({ conditions: ['healthy'] }), 'NO_HEALTHCHECK');
  t.is(unchecked.inspect().State.Health, undefined);
  t.is(env.engine.containers.list({ filters: { health: ['none'] } }).length, 1);
});

onBusybox('health: an aborted request leaves the container and its checks alone', async (t, { root, start }) => {
  const container = await start({ test: SHELL('echo > /begun; exec sleep 1000'), ...ONLY_WHEN_ASKED });
  const controller = new AbortController();
  const asked = container.healthcheck({ signal: controller.signal });
  await until('the check', () => existsSync(join(root, 'begun')));
  controller.abort();
  await rejectsWith(t, asked, 'ABORTED');
  t.is(container.state().status, 'running');
  t.true(isAlive(container.state().monitorPid));
});
