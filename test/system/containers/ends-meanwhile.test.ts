/** Operations on a container that ends while they are at work: they succeed, or say that it has ended or is gone. */
import { setTimeout as delay } from 'node:timers/promises';
import { join } from 'node:path';
import { inspect } from 'node:util';
import test from 'ava';

import { isTspodError, type Container, type CreateOptions } from '../../../src/index.js';
import { until } from '../../helpers/until.js';
import { testEngine } from '../../helpers/engine.js';
import { untilLockAwaited } from '../../helpers/locks.js';
import { requires } from '../../helpers/requires.js';

const GONE = ['CONTAINER_STOPPED', 'STATE_INVALID', 'NO_SUCH_CONTAINER'];

/** How they failed, but for the ways in which they may. */
function unexpected(outcomes: readonly PromiseSettledResult<unknown>[]): readonly string[] {
  return outcomes
    .filter((outcome) => outcome.status === 'rejected')
    .filter(({ reason }) => !GONE.includes((reason as { code: string }).code))
    .map((outcome) => inspect(outcome));
}

test('whoever is about to join the first process as it is killed hears that it has just ended', async (t) => {
  if (!requires(t, 'root', 'busybox')) return;
  const { engine, options } = await testEngine(t);
  // While the kernel ends so many, the first one has left its namespaces, and is no zombie yet.
  const many = 'i=0; while [ $i -lt 400 ]; do sleep 1000 & i=$((i+1)); done; echo up; wait';
  for (let round = 0; round < 5; round += 1) {
    const container = await engine.containers.create(
      options({ command: ['sh', '-c', many], resources: { pidsLimit: 1000 }, log: { driver: 'k8s-file' } }),
    );
    await container.start();
    await until('it is up', async () => (await container.top()).length > 400);
    process.kill(container.state().pid, 'SIGKILL');
    const outcomes = await Promise.allSettled([
      container.exec({ command: ['true'] }),
      container.exec({ command: ['true'] }),
      container.stat('/etc'),
    ]);
    t.deepEqual(unexpected(outcomes), []);
    await container.remove({ force: true });
  }
});

interface Case {
  readonly options?: CreateOptions;
  readonly operation: (container: Container) => Promise<unknown>;
}

/** Each is done again and again, so that the end comes in the middle of one. */
const CASES: Readonly<Record<string, Case>> = {
  'diff, and its files are removed': {
    options: { autoRemove: true },
    operation: (container) => container.diff(),
  },
  'export, and its files are removed': {
    options: { autoRemove: true },
    operation: async (container) => {
      (await container.export()).destroy();
    },
  },
  'stat, mount and unmount, and its files are removed': {
    options: { autoRemove: true },
    operation: async (container) => {
      await container.stat('/etc');
      await container.mount();
      await container.unmount();
    },
  },
  'kill, and its process is reaped': {
    operation: (container) => container.kill('CONT'),
  },
  'update, and its cgroups are removed': {
    operation: (container) => container.update({ resources: { pidsLimit: 50 + Math.floor(Math.random() * 1000) } }),
  },
};

for (const [title, { options: more = {}, operation }] of Object.entries(CASES)) {
  test(`a container ends during ${title}`, async (t) => {
    if (!requires(t, 'root', 'busybox', 'overlay')) return;
    const { engine, options } = await testEngine(t);
    for (let round = 0; round < 25; round += 1) {
      const container = await engine.containers.create(options({ command: ['sleep', '0.03'], ...more }));
      await container.start();
      const outcomes: PromiseSettledResult<unknown>[] = [];
      const end = Date.now() + 60;
      while (Date.now() < end) {
        outcomes.push(...(await Promise.allSettled([operation(container)])));
        await delay(0);
      }
      t.deepEqual(unexpected(outcomes), []);
      await container.remove({ force: true }).catch((error: unknown) => {
        if (!isTspodError(error, 'NO_SUCH_CONTAINER')) throw error;
      });
    }
  });
}

test('who stops a container as its process ends has stopped it, whatever its policy', async (t) => {
  if (!requires(t, 'root', 'busybox')) return;
  const { engine, options } = await testEngine(t);
  for (let round = 0; round < 60; round += 1) {
    const container = await engine.containers.create(
      options({ command: ['sleep', '0.02'], restart: { policy: 'always' } }),
    );
    await container.start();
    await delay(15 + (round % 15));
    const [outcome] = await Promise.allSettled([container.stop({ timeoutSec: 0 })]);
    t.deepEqual(unexpected([outcome]), []);
    await delay(60);
    t.is(container.state().status, 'exited', inspect(outcome));
    await container.remove({ force: true });
  }
});

test('who removes by force what goes with its end has removed it', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const { engine, options } = await testEngine(t);
  const container = await engine.spawn(options({ name: 'brief', command: ['sleep', '1000'] }));
  const handle = engine.containers.get('brief');
  await handle.remove({ force: true, timeoutSec: 0 });
  t.false(engine.containers.exists(container.id));
  t.like(await container.ended, { signal: 'SIGKILL' });
  await t.throwsAsync(handle.remove({ force: true }), { code: 'NO_SUCH_CONTAINER' });
});

test('prunes pass over what somebody else removes meanwhile', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const env = await testEngine(t);
  const { engine, options, cgroupParent } = env;
  const other = await env.reopen();
  const ids = [];
  for (let count = 0; count < 6; count += 1)
    ids.push((await engine.containers.create(options({ command: ['true'] }))).id);
  const containers = await Promise.all([engine.containers.prune(), other.containers.prune()]);
  t.deepEqual(
    containers.flatMap(({ failed }) => [...failed]),
    [],
  );
  t.deepEqual(containers.flatMap(({ done }) => done).toSorted(), ids.toSorted());
  const pod = await engine.pods.create({ name: 'p', cgroupParent });
  await pod.start();
  await pod.stop();
  const pods = await Promise.all([engine.pods.prune(), other.pods.prune()]);
  t.deepEqual(
    pods.flatMap(({ failed }) => [...failed]),
    [],
  );
  t.deepEqual(
    pods.flatMap(({ done }) => done),
    [pod.id],
  );
});

test('a prune passes over what somebody is just starting', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const env = await testEngine(t);
  const { engine, options } = env;
  const other = await env.reopen();
  const container = await engine.containers.create(options({ command: ['sleep', '1000'] }));
  let pruning: ReturnType<typeof other.containers.prune> | undefined;
  await container.batch(async (held) => {
    pruning = other.containers.prune();
    await untilLockAwaited(join(env.runRoot, 'locks', container.id));
    await held.start();
  });
  const { done, failed } = (await pruning) ?? { done: [], failed: [] };
  t.deepEqual([done, [...failed]], [[], []]);
  t.is(container.state().status, 'running');
});
