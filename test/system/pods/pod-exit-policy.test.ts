/** Pods that are stopped when nothing of them runs but the infra container. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';

import test, { type ExecutionContext } from 'ava';

import { busyboxRoot } from '../../helpers/busybox.js';
import { KILLED_BY_SIGNAL, output, run, runWith, storeOf } from '../../helpers/cli.js';
import { until } from '../../helpers/until.js';
import { create, field, member, onPods } from '../../helpers/cli-pods.js';
import { infraOf, podCalls, withPods } from '../../helpers/pods.js';
import { untilGone } from '../../helpers/processes.js';
import { requires } from '../../helpers/requires.js';

const ready = (t: ExecutionContext<unknown>) => requires(t, 'root', 'busybox', 'overlay');

test('the infra container ends with the last of the others', async (t) => {
  if (!ready(t)) return;
  const env = await withPods(t);
  const pod = await env.pod({ name: 'p', exitPolicy: 'stop' });
  const keeps = await env.pod({ name: 'q' });
  const options = { rootfs: busyboxRoot(t), rootfsOverlay: true, pod: 'p' };
  const sleeper = await env.member(pod);
  await sleeper.start();
  await env.engine.run({ ...options, command: ['true'] });
  t.is(pod.status(), 'Running', 'another one runs');
  await sleeper.stop();
  await until('it is stopped', () => pod.status() === 'Exited');
  await sleeper.start();
  t.is(pod.status(), 'Running', 'and it can be started again');
  await pod.restart();
  t.is(pod.status(), 'Running');
  await sleeper.kill();
  await until('it is stopped', () => pod.status() === 'Exited');
  await env.engine.run({ ...options, pod: 'q', command: ['true'] });
  t.is(keeps.status(), 'Running');
});

test('an end that nobody waited for is followed by the next command', async (t) => {
  if (!ready(t)) return;
  const env = await withPods(t);
  const pod = await env.pod({ name: 'p', exitPolicy: 'stop' });
  const member = await env.member(pod, { name: 'm' });
  await podCalls(t, env, { startContainer: 'm' });
  t.is(pod.status(), 'Running');
  const { pid, monitorPid } = member.state();
  process.kill(pid, 'SIGKILL');
  // A command that comes before would leave it to its monitor.
  await untilGone(monitorPid);
  t.is(member.state().status, 'exited');
  t.is(pod.status(), 'Degraded');
  const next = await env.reopen();
  await until('it is stopped', () => next.pods.get('p').status() === 'Exited');
});

test('who holds the lock of a container does not wait for that of its pod', async (t) => {
  if (!ready(t)) return;
  const env = await withPods(t);
  const pod = await env.pod({ name: 'p', exitPolicy: 'stop' });
  const member = await env.member(pod);
  const other = await env.reopen();
  let starting: Promise<void> | undefined;
  await member.batch(async (held) => {
    starting = other.pods.get('p').start();
    // It has the lock of the pod, and waits for that of the container.
    await until('the infra container runs', () => infraOf(env, pod).state().status === 'running');
    await held.start();
  });
  await starting;
  await Promise.all([member.restart(), other.pods.get('p').restart()]);
  t.is(pod.status(), 'Running');
});

onPods(
  'pod create --exit-policy stop: the pod has ended when the command ends that saw its last container end',
  async (t, root) => {
    await create(t, '--exit-policy', 'stop', 'job');
    const infra = await field(t, 'job', '{{.InfraContainerID}}');
    const runs = (): boolean => existsSync(join(storeOf(t).runRoot, 'c', infra));
    const program = ['--pod', 'job', '--rootfs', `${root}:O`, 'sh', '-c', 'exit 3'];
    await run(t, 3, 'run', ...program);
    t.false(runs(), 'run');
    await run(t, 3, 'run', '--rm', ...program);
    t.false(runs(), 'run --rm');
    await run(t, 3, 'run', '--rm', ...program);
    for (const words of [['stop'], ['kill'], ['rm', '-f']]) {
      await member(t, root, '--pod', 'job', '--name', `to-${String(words[0])}`);
      t.true(runs());
      await run(t, 0, ...words, `to-${String(words[0])}`);
      t.false(runs(), words.join(' '));
    }
    t.is(await output(t, 'pod', 'ps', '--format', '{{.Status}}'), 'Exited\n');
  },
);

onPods('pod create --exit-policy stop: what a killed command has left, the next one ends', async (t, root) => {
  await create(t, '--exit-policy', 'stop', 'job');
  const program = ['run', '--rm', '--pod', 'job', '--rootfs', `${root}:O`, 'true'];
  for (const point of ['ended', 'record-deleted', 'pod-idle', 'stop-recorded', 'stop-told', 'stop-signal-sent']) {
    const env = { TSPOD_TEST: '1', TSPOD_FAILPOINT: point };
    await runWith(t, { env }, KILLED_BY_SIGNAL, ...program);
    await output(t, 'pod', 'ps');
    t.is(await output(t, 'pod', 'ps', '--format', '{{.Status}}'), 'Exited\n', point);
    await run(t, 0, ...program);
  }
  await run(t, 0, 'pod', 'start', 'job');
  t.is(await output(t, 'pod', 'ps', '--format', '{{.Status}}'), 'Running\n', 'nothing has run since this start');
});

onPods('run --pod: starts a pod whose stop was cut off', async (t, root) => {
  await create(t, 'web');
  for (const point of ['stop-recorded', 'stop-told']) {
    await run(t, 0, 'pod', 'start', 'web');
    await runWith(t, { env: { TSPOD_TEST: '1', TSPOD_FAILPOINT: point } }, KILLED_BY_SIGNAL, 'pod', 'stop', 'web');
    await run(t, 0, 'run', '--rm', '--pod', 'web', '--rootfs', `${root}:O`, 'true');
    t.is(await output(t, 'pod', 'ps', '--format', '{{.Status}}'), 'Running\n', point);
  }
});
