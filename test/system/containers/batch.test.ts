/** Many calls under one lock, and restarts, which are one change. */
import { existsSync, readFileSync } from 'node:fs';
import test, { type ExecutionContext } from 'ava';

import type { BatchedContainer, Container } from '../../../src/index.js';
import { tryLock } from '../../../src/native/file-lock.js';
import { until } from '../../helpers/until.js';
import { testEngine, rejectsWith, type TestEngine } from '../../helpers/engine.js';
import { requires } from '../../helpers/requires.js';

interface Fixture {
  readonly env: TestEngine;
  readonly container: Container;
}

function withContainer(title: string, body: (t: ExecutionContext, fixture: Fixture) => Promise<void>): void {
  test(title, async (t) => {
    if (!requires(t, 'root', 'overlay')) return;
    const env = await testEngine(t);
    const container = await env.engine.containers.create(
      env.options({ command: ['sleep', '1000'], stopTimeoutSec: 0, autoRemove: title.includes('automatically') }),
    );
    await body(t, { env, container });
  });
}

const isLocked = (env: TestEngine, { id }: Container) => {
  using lock = tryLock(`${env.runRoot}/locks/${id}`);
  return lock === undefined;
};

withContainer('batch: holds the lock for all that is done in it', async (t, { env, container }) => {
  const result = await container.batch(async (c) => {
    await c.start();
    t.is(c.state().status, 'running');
    t.true(isLocked(env, container));
    await c.pause();
    await c.unpause();
    t.is((await c.exec({ command: ['echo', 'hi'] })).stdout, 'hi\n');
    await c.stop();
    t.is(c.state().status, 'exited');
    await c.start();
    await c.kill();
    await c.restart();
    await c.rename('other');
    t.true(isLocked(env, container));
    return c.name;
  });
  t.is(result, 'other');
  t.false(isLocked(env, container));
  t.is(container.state().status, 'running');
});

withContainer('batch: others wait for its end', async (t, { env, container }) => {
  const other = (await env.reopen()).containers.get(container.id);
  const order: string[] = [];
  let waiting: Promise<void> | undefined;
  await container.batch(async (c) => {
    waiting = other.start().then(() => void order.push('other'));
    await c.start();
    await c.stop();
    order.push('batch');
  });
  await waiting;
  t.deepEqual(order, ['batch', 'other']);
});

withContainer('batch: who waits for its end can give up', async (t, { env }) => {
  const { engine, options } = env;
  await engine.networks.create({ name: 'web' });
  await engine.volumes.create({ name: 'data' });
  const mounts = [{ type: 'volume', source: 'data', target: '/data' }] as const;
  const container = await engine.containers.create(options({ network: 'web', mounts, command: ['true'] }));
  const { id } = container;
  await container.batch(async () => {
    const signal = AbortSignal.timeout(50);
    const waiting = [
      engine.networks.connect('web', id, { signal }),
      engine.networks.disconnect('web', id, { signal }),
      engine.networks.reload(id, { signal }),
      engine.networks.remove('web', { force: true, signal }),
      engine.volumes.remove('data', { force: true, signal }),
      engine.containers.clone(id, { destroy: true, signal }),
    ];
    await Promise.all(waiting.map((waits) => rejectsWith(t, waits, 'ABORTED')));
  });
  t.is(engine.containers.list({ all: true }).length, 2);
  t.deepEqual(container.inspect().NetworkSettings.Networks?.['web']?.Aliases, [id.slice(0, 12)]);
  t.true(engine.volumes.exists('data'));
});

withContainer('batch: parallel calls take turns', async (t, { container }) => {
  await container.batch(async (c) => {
    const results = await Promise.allSettled([c.start(), c.start(), c.rename('turned'), c.stop()]);
    t.deepEqual(
      results.map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled', 'fulfilled'],
    );
    t.like(c.state(), { status: 'exited', exitCode: 137 });
    await Promise.allSettled([c.start(), c.kill(), c.restart(), c.stop(), c.start()]);
    await c.stop().catch(() => undefined);
    await c.start();
  });
  t.is(container.state().status, 'running');
  t.is(container.name, 'turned');
});

withContainer('batch: what happens behind its back is seen after a sync', async (t, { container }) => {
  await container.start();
  await container.batch(async (c) => {
    const { pid } = c.state();
    const ended = c.wait();
    process.kill(pid, 'SIGKILL');
    await ended;
    await rejectsWith(t, c.start(), 'STATE_RUNNING');
    await c.sync();
    await c.start();
    t.not(c.state().pid, pid);
  });
  t.is(container.state().status, 'running');
});

withContainer('batch: what is refused in it, and after it', async (t, { container }) => {
  let leaked: BatchedContainer | undefined;
  const failure = new Error('of the callback');
  const caught = await t.throwsAsync(
    container.batch(async (c) => {
      leaked = c;
      const whole = c as Container; // as JavaScript may call it
      await rejectsWith(t, whole.remove(), 'STATE_INVALID');
      await rejectsWith(
        t,
        whole.batch(() => undefined),
        'STATE_INVALID',
      );
      throw failure;
    }),
  );
  t.is(caught, failure);
  t.throws(() => leaked?.state(), { code: 'STATE_INVALID', message: /its batch has ended/ });
  await container.start();
  // A call that nobody waits for is finished under the lock.
  await container.batch((c) => void c.stop());
  t.is(container.state().status, 'exited');
});

withContainer('sync: records an end that nobody has told of', async (t, { env, container }) => {
  await container.start();
  const { pid } = container.state();
  process.kill(pid, 'SIGKILL');
  await container.wait();
  await container.sync();
  t.like(container.state(), { status: 'exited', exitCode: 137 });
  t.false(existsSync(`${env.runRoot}/c/${container.id}`));
});

withContainer('restart: an automatically removed container and its layer stay', async (t, { env, container }) => {
  const session = await container.startAttached({});
  await container.exec({ command: ['touch', '/kept'] });
  const { pid } = container.state();
  await container.restart();
  t.like(await session.ended, { reason: 'exited' });
  t.not(container.state().pid, pid);
  t.is((await container.exec({ command: ['ls', '/kept'] })).stdout, '/kept\n');
  await (await env.reopen()).containers.get(container.id).restart();
  t.is((await container.exec({ command: ['ls', '/kept'] })).stdout, '/kept\n');
  await container.kill();
  await container.wait();
  // Whoever comes next removes it.
  await env.reopen();
  await env.assertNothingLeft();
});

test('restart: keeps the layer, the log, the name and the configuration', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const env = await testEngine(t);
  const container = await env.engine.containers.create(
    env.options({
      command: ['sh', '-c', 'echo run; touch /x$(ls / | grep -c ^x); exec sleep 1000'],
      stopTimeoutSec: 0,
    }),
  );
  const runs = (): number =>
    readFileSync(`${env.root}/containers/${container.id}/ctr.log`, 'utf8').split('run\n').length - 1;
  await container.start();
  const before = container.inspect();
  for (const lives of [1, 2]) {
    await until('its command runs', () => runs() === lives);
    await container.restart();
  }
  await until('its command runs', () => runs() === 3);
  const { State: _, ...after } = container.inspect();
  t.like(after, { Id: before.Id, Name: before.Name, RestartCount: 0 });
  t.deepEqual(after.Config, before.Config);
  t.false(container.state().stoppedByUser);
});
