/** Pods that are stopped when nothing of them runs but the infra container. */
import test, { type ExecutionContext } from 'ava';

import { busyboxRoot } from '../helpers/busybox.js';
import { until } from '../helpers/cli.js';
import { infraOf, podCalls, withPods } from '../helpers/pods.js';
import { requires } from '../helpers/requires.js';

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
  process.kill(member.state().pid, 'SIGKILL');
  await until('it has ended', () => member.state().status === 'exited');
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
