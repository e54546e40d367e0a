/** Calls whose signal had aborted before they began: they change nothing. */
import { existsSync } from 'node:fs';
import test from 'ava';

import type { Container } from '../../../src/index.js';
import { testEngine, rejectsWith } from '../../helpers/engine.js';
import { requires } from '../../helpers/requires.js';

const signal = AbortSignal.abort(new Error('enough'));

test('what runs goes on', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const { engine, options } = await testEngine(t);
  const container = await engine.containers.create(options({ command: ['sleep', '1000'], stopTimeoutSec: 0 }));
  const { id } = container;
  await container.start();
  const { pid } = container.state();
  const events = async () => {
    const statuses: string[] = [];
    for await (const { status } of engine.events()) statuses.push(status);
    return statuses;
  };
  const before = await events();
  const calls: Readonly<Record<string, () => Promise<unknown>>> = {
    stop: () => container.stop({ signal }),
    'stop with what depends on it': () => container.stop({ depend: true, signal }),
    restart: () => container.restart({ signal }),
    remove: () => container.remove({ force: true, signal }),
    'remove with what depends on it': () => container.remove({ force: true, depend: true, signal }),
    clone: () => engine.containers.clone(id, { signal }),
    'clone in its place': () => engine.containers.clone(id, { destroy: true, force: true, signal }),
    attach: () => container.attach({ signal }),
    sync: () => container.sync({ signal }),
    batch: () => container.batch(() => t.fail('the batch has begun'), { signal }),
    'stop in a batch': () => container.batch((c) => c.stop({ signal })),
    'restart in a batch': () => container.batch((c) => c.restart({ signal })),
  };
  for (const [title, call] of Object.entries(calls)) {
    t.regex(await rejectsWith(t, call(), 'ABORTED'), /aborted$/, title);
    t.like(container.state(), { status: 'running', pid, stoppedByUser: false }, title);
  }
  t.deepEqual(
    engine.containers.list({ all: true }).map((each) => each.id),
    [id],
  );
  t.deepEqual(await events(), before);
});

test('what does not run stays', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const { engine, options } = await testEngine(t);
  const container = await engine.containers.create(options({ command: ['sleep', '1000'] }));
  const check = async (title: string, call: () => Promise<unknown>) => {
    await rejectsWith(t, call(), 'ABORTED');
    t.true(engine.containers.exists(container.id), title);
  };
  await check('remove', () => container.remove({ signal }));
  await check('cleanup', () => container.cleanup({ remove: true, signal }));
  await container.init();
  const { pid } = container.state();
  await check('cleanup of what was initialized', () => container.cleanup({ signal }));
  t.like(container.state(), { status: 'initialized', pid });
});

test('an exec session goes on', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const { engine, options } = await testEngine(t);
  const container = await engine.containers.create(options({ command: ['sleep', '1000'] }));
  await container.start();
  const session = await container.startExec({ command: ['sleep', '1000'] });
  const { Pid } = session.inspect();
  const calls = [
    session.attach({ signal }),
    session.stop({ signal }),
    session.remove({ force: true, signal }),
    session.wait({ signal }),
  ];
  for (const call of calls) {
    t.is((await t.throwsAsync(call)).cause, signal.reason);
    await rejectsWith(t, call, 'ABORTED');
  }
  t.true(existsSync(`/proc/${String(Pid)}`));
  t.is(session.state(), 'running');
});

test('a wait for an exec session is given up with the code of every abort', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const { engine, options } = await testEngine(t);
  const container = await engine.containers.create(options({ command: ['sleep', '1000'] }));
  await container.start();
  const session = await container.startExec({ command: ['sleep', '1000'] });
  const late = AbortSignal.timeout(100);
  t.is((await t.throwsAsync(session.wait({ signal: late }))).cause, late.reason);
  await rejectsWith(t, session.wait({ signal: late }), 'ABORTED');
});

test('pods stay as they are', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const { engine, options } = await testEngine(t);
  const pod = await engine.pods.create({ name: 'pod', share: [], infra: false });
  const member = await engine.containers.create(options({ pod: 'pod', command: ['sleep', '1000'] }));
  const status = (container: Container) => container.state().status;
  await rejectsWith(t, pod.start({ signal }), 'ABORTED');
  t.is(status(member), 'created');
  await rejectsWith(t, pod.remove({ signal }), 'ABORTED');
  await pod.start();
  const { pid } = member.state();
  for (const call of [pod.stop({ signal }), pod.restart({ signal }), pod.remove({ force: true, signal })]) {
    await rejectsWith(t, call, 'ABORTED');
    t.like(member.state(), { status: 'running', pid });
  }
});

test('volumes stay, and what is in them', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const { engine, options } = await testEngine(t);
  await engine.volumes.create({ name: 'unused' });
  await engine.volumes.create({ name: 'used' });
  const mounts = [{ type: 'volume', source: 'used', target: '/data' }] as const;
  const container = await engine.containers.create(options({ mounts, command: ['true'] }));
  await rejectsWith(t, engine.volumes.remove('unused', { signal }), 'ABORTED');
  await rejectsWith(t, engine.volumes.remove('unused', { force: true, signal }), 'ABORTED');
  await rejectsWith(t, engine.volumes.remove('used', { force: true, signal }), 'ABORTED');
  await rejectsWith(t, engine.volumes.import('unused', '/no/such/archive', { signal }), 'ABORTED');
  t.deepEqual(
    engine.volumes.list().map(({ name }) => name),
    ['unused', 'used'],
  );
  t.true(engine.containers.exists(container.id));
});
