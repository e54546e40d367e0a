/** Containers that need others: started after them, stopped and removed before them. */
import test from 'ava';

import { isTspodError, type CreateOptions } from '../../../src/index.js';
import { testEngine, rejectsWith } from '../../helpers/engine.js';
import { output, run } from '../../helpers/cli.js';
import { busyboxRoot } from '../../helpers/busybox.js';
import { requires } from '../../helpers/requires.js';

const SLEEP = { command: ['sleep', '1000'], stopTimeoutSec: 0 };

test('requires: what it needs is recorded, and has to be there', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const { engine, options } = await testEngine(t);
  const create = (more: CreateOptions) => engine.containers.create(options({ ...SLEEP, ...more }));
  const base = await create({ name: 'base' });
  const donor = await create({ name: 'donor' });
  const top = await create({ name: 'top', requires: ['base', base.id.slice(0, 12)], pid: 'container:donor' });
  t.deepEqual(top.dependencies(), [base.id, donor.id]);
  t.deepEqual(top.inspect().Dependencies, [base.id, donor.id]);
  t.deepEqual(donor.dependents(), [top.id]);
  const above = await create({ requires: ['top'] });
  t.deepEqual(base.dependents(), [top.id]);
  t.deepEqual(base.dependents({ all: true }), [top.id, above.id]);
  t.regex(
    await rejectsWith(t, create({ requires: ['nosuch'] }), 'NO_SUCH_CONTAINER'),
    /^"nosuch" is not a valid container, cannot be used as a dependency: no container with name or ID "nosuch" found/,
  );
  t.regex(
    await rejectsWith(t, base.remove(), 'HAS_DEPENDENTS'),
    new RegExp(`^container ${base.id} has dependent containers which must be removed before it: ${top.id}: `),
  );
  await base.remove({ depend: true });
  t.deepEqual(
    engine.containers.list({ all: true }).map(({ name }) => name),
    ['donor'],
  );
});

test('remove: force ends nothing that others depend on', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const { engine, options } = await testEngine(t);
  const create = (more: CreateOptions) => engine.containers.create(options({ ...SLEEP, ...more }));
  const base = await create({ name: 'base' });
  const top = await create({ name: 'top', network: 'container:base' });
  await top.start({ recursive: true });
  const { pid } = base.state();
  await rejectsWith(t, base.remove({ force: true }), 'HAS_DEPENDENTS');
  await rejectsWith(t, engine.containers.clone('base', { destroy: true, force: true }), 'HAS_DEPENDENTS');
  t.deepEqual([base.state().status, base.state().pid, top.state().status], ['running', pid, 'running']);
  t.is(engine.containers.list({ all: true }).length, 2);
  await base.remove({ force: true, depend: true });
  t.deepEqual(engine.containers.list({ all: true }), []);
});

test('start: what it needs is started first, or named', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const { engine, options } = await testEngine(t);
  const create = (more: CreateOptions) => engine.containers.create(options({ ...SLEEP, ...more }));
  const leaf = await create({ name: 'leaf' });
  const [left, right] = [
    await create({ name: 'l', requires: ['leaf'] }),
    await create({ name: 'r', pid: 'container:leaf' }),
  ];
  const top = await create({ requires: ['l', 'r'] });
  const error = await t.throwsAsync(top.start(), { code: 'STATE_INVALID' });
  t.is(
    error?.message,
    `some dependencies of container ${top.id} are not started: ${left.id}, ${right.id}: container state improper`,
  );
  await top.start({ recursive: true });
  for (const container of [leaf, left, right, top]) t.is(container.state().status, 'running', container.name);
  t.true(Number(leaf.state().startedAt) <= Number(left.state().startedAt));
  await rejectsWith(t, top.start({ recursive: true }), 'STATE_RUNNING');
});

test('start: one that fails takes those above along, and no others', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const { engine, options } = await testEngine(t);
  const create = (more: CreateOptions) => engine.containers.create(options({ ...SLEEP, ...more }));
  const broken = await create({ name: 'broken', command: ['no-such-program'] });
  const middle = await create({ name: 'middle', requires: ['broken'] });
  const healthy = await create({ name: 'healthy' });
  const top = await create({ requires: ['middle', 'healthy'] });
  const error = await t.throwsAsync(top.start({ recursive: true }));
  t.true(isTspodError(error, 'DEPENDENCY_FAILED'));
  const { failed } = (error as { details?: unknown } as { details: { failed: Record<string, string> } }).details;
  t.deepEqual(new Set(Object.keys(failed)), new Set([broken.id, middle.id, top.id]));
  t.regex(failed[broken.id] ?? '', /no-such-program/);
  t.regex(failed[middle.id] ?? '', /a dependency of container [0-9a-f]{64} failed to start/);
  t.is(healthy.state().status, 'running');
  t.is(middle.state().status, 'created');
});

test('remove: no dependent appears while it goes', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const { engine, options, reopen } = await testEngine(t);
  const others = await reopen();
  for (let round = 0; round < 10; round += 1) {
    const base = await engine.containers.create(options({ ...SLEEP, name: 'base' }));
    const [removed, created] = await Promise.allSettled([
      base.remove(),
      others.containers.create(options({ ...SLEEP, requires: [base.id] })),
    ]);
    t.true(removed.status === 'rejected' || created.status === 'rejected', `round ${round}`);
    for (const { id } of engine.containers.list({ all: true }))
      await engine.containers.remove(id, { depend: true }).catch(() => undefined);
    t.deepEqual(engine.containers.list({ all: true }), []);
  }
});

test('cli: --requires in create, run, start, stop and rm', async (t) => {
  if (!requires(t, 'root', 'busybox')) return;
  const root = ['--stop-timeout', '0', '--rootfs', busyboxRoot(t)];
  await run(t, 0, 'create', '--name', 'a', ...root, 'sleep', '1000');
  await run(t, 0, 'create', '--name', 'b', '--requires', 'a', ...root, 'sleep', '1000');
  t.regex(
    (await run(t, 125, 'create', '--requires', 'nosuch', ...root, 'true')).stderr,
    /"nosuch" is not a valid container, cannot be used as a dependency/,
  );
  t.is(await output(t, 'start', 'b'), 'b\n');
  t.is(await output(t, 'ps', '--format', '{{.Names}}', '--sort', 'names'), 'a\nb\n');
  // The one that is needed ends last.
  await run(t, 0, 'stop', 'a', 'b');
  const ended = async (name: string) =>
    Date.parse((await output(t, 'inspect', '-f', '{{json .State.FinishedAt}}', name)).trim().slice(1, -1));
  t.true((await ended('b')) <= (await ended('a')));
  t.is(await output(t, 'run', '--rm', '--requires', 'a', ...root, 'echo', 'hi'), 'hi\n');
  t.is(await output(t, 'ps', '--format', '{{.Names}}'), 'a\n');
  await run(t, 0, 'stop', 'a');
  t.regex((await run(t, 125, 'restart', 'b')).stderr, /some dependencies of container [0-9a-f]{64} are not started/);
  t.regex(
    (await run(t, 125, 'rm', 'a')).stderr,
    /has dependent containers which must be removed before it: [0-9a-f]{64}/,
  );
  await run(t, 0, 'rm', 'a', 'b');
  t.is(await output(t, 'ps', '-aq'), '');
});

test('stop: with depend those that depend on it first, each rank at once', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const { engine, options } = await testEngine(t);
  const create = (more: CreateOptions) => engine.containers.create(options({ ...SLEEP, ...more }));
  const base = await create({ name: 'base' });
  const middle = await create({ name: 'middle', requires: ['base'] });
  const other = await create({ name: 'other', ipc: 'container:base' });
  const never = await create({ requires: ['base'] });
  const top = await create({ name: 'top', requires: ['middle'] });
  await top.start({ recursive: true });
  await other.start();
  await middle.stop();
  t.is(top.state().status, 'running');
  await base.stop({ depend: true });
  for (const container of [base, middle, other, top]) t.is(container.state().status, 'exited', container.name);
  t.is(never.state().status, 'created');
  const ends = [top, other].map((container) => Number(container.state().finishedAt));
  t.true(Math.max(...ends) <= Number(base.state().finishedAt));
});

test('stop: a dependent that is paused is in the way', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const { engine, options } = await testEngine(t);
  const base = await engine.containers.create(options({ ...SLEEP, name: 'base' }));
  const above = await engine.containers.create(options({ ...SLEEP, requires: ['base'] }));
  await above.start({ recursive: true });
  await above.pause();
  await rejectsWith(t, base.stop({ depend: true }), 'STATE_INVALID');
  t.is(base.state().status, 'running');
  await above.unpause();
  await base.stop({ depend: true });
  t.is(above.state().status, 'exited');
});

test('autoRemove: who is needed stays, and goes when nobody needs it any more', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const env = await testEngine(t);
  const { options } = env;
  const base = await env.engine.containers.create(options({ ...SLEEP, name: 'base', autoRemove: true }));
  await base.start();
  const above = await env.engine.containers.create(options({ ...SLEEP, name: 'above', network: 'container:base' }));
  await base.stop();
  t.is(base.state().status, 'exited');
  await env.reopen();
  const names = () => env.engine.containers.list({ all: true }).map(({ name }) => name);
  t.deepEqual(names(), ['base', 'above']);
  await env.engine.containers.get('above').start({ recursive: true });
  t.is(env.engine.containers.get('base').state().status, 'running', 'it can be started again');
  await env.engine.containers.get('base').stop({ depend: true });
  await env.engine.containers.remove(above.id);
  await env.reopen();
  t.deepEqual(names(), []);
});
