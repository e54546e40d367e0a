import test from 'ava';

import { eventPaths } from '../../src/events/event-log.js';
import { readEvents } from '../../src/events/read.js';
import { openEngine, type CreateOptions, type Engine, type EngineEvent } from '../../src/index.js';
import { rejectsWith, testEngine } from '../helpers/engine.js';
import { faults, killHard, untilGone } from '../helpers/faults.js';
import { requires } from '../helpers/requires.js';

test('events: each step in the life of a container is written down', async (t) => {
  if (!requires(t, 'root')) return;
  const { engine, options, runRoot } = await testEngine(t);
  const statuses = () => readEvents(eventPaths(runRoot)).map(({ status }) => status);
  const container = await engine.containers.create(
    options({ name: 'first', labels: { app: 'web' }, command: ['sleep', '1000'] }),
  );
  await container.init();
  await container.start();
  await container.exec({ command: ['sh', '-c', 'exit 3'] });
  await container.pause();
  await container.unpause();
  await container.rename('second');
  await container.restart({ timeoutSec: 0 });
  await container.kill();
  await container.remove();
  await engine.run(options({ command: ['true'] }));
  t.deepEqual(statuses(), [
    'refresh',
    'create',
    'init',
    'start',
    'exec',
    'exec_died',
    'pause',
    'unpause',
    'rename',
    'restart',
    'died',
    'stop',
    'cleanup',
    'init',
    'start',
    'kill',
    'died',
    'cleanup',
    'remove',
    'create',
    'init',
    'start',
    'died',
    'remove',
  ]);
  const told = readEvents(eventPaths(runRoot));
  const ends = told.filter(({ status }) => status.endsWith('died'));
  t.deepEqual(
    ends.map(({ attributes }) => attributes['containerExitCode']),
    ['3', '137', '137', '0'],
  );
  const kill = told.find(({ status }) => status === 'kill');
  t.deepEqual(
    { id: kill?.id, name: kill?.name, image: kill?.image, attributes: kill?.attributes },
    { id: container.id, name: 'second', image: 'host:', attributes: { app: 'web', signal: '9' } },
  );
});

/** Statuses of what has happened so far, without the first engine's. */
function statusesOf(runRoot: string): readonly string[] {
  return readEvents(eventPaths(runRoot))
    .map(({ status }) => status)
    .filter((status) => status !== 'refresh');
}

test('events: restarts by policy are told when somebody looks, each run once', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const { engine, options, runRoot } = await testEngine(t);
  const container = await engine.containers.create(
    options({ command: ['sh', '-c', 'exit 4'], restart: { policy: 'on-failure', maxRetries: 2 } }),
  );
  await container.start();
  t.is(await container.wait(), 4);
  await container.remove();
  const again = ['died', 'restart', 'init', 'start'];
  t.deepEqual(statusesOf(runRoot), ['create', 'init', 'start', ...again, ...again, 'died', 'cleanup', 'remove']);
  const told = readEvents(eventPaths(runRoot)).filter(({ status }) => status === 'died');
  t.deepEqual(
    told.map(({ attributes }) => attributes['containerExitCode']),
    ['4', '4', '4'],
  );
  t.is(new Set(told.map(({ timeUs }) => timeUs)).size, 3);
});

test('events: many looks at a container that is started again and again tell each run once', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const { engine, options, runRoot, reopen } = await testEngine(t);
  const container = await engine.containers.create(
    options({ name: 'again', command: ['sh', '-c', 'exit 1'], restart: { policy: 'always' } }),
  );
  await container.start();
  for (let i = 0; container.state().restartCount < 3; i += 1) {
    // Each takes the lock, and settles.
    await container.rename(`again-${String(i)}`);
    await (await reopen()).containers.get(container.id).rename(`once-${String(i)}`);
  }
  await container.stop({ timeoutSec: 0 }).catch(() => undefined);
  const { restartCount } = container.state();
  const told = readEvents(eventPaths(runRoot));
  const count = (status: string) => told.filter((event) => event.status === status).length;
  t.is(count('restart'), restartCount);
  t.is(count('start'), restartCount + 1);
  t.is(count('died'), restartCount + 1);
});

for (const point of ['end-told', 'end-recorded', 'removal-recorded', 'files-removed', 'record-deleted'] as const) {
  test(`events: an end is told once, and a removal, though what found it was killed at ${point}`, async (t) => {
    if (!requires(t, 'root', 'overlay')) return;
    const env = await faults(t);
    await env.tspod('run', '-d', '--rm', '--name', 'subject', ...env.flags, 'host:', 'sleep', '1000');
    const { pid, monitorPid } = env.engine.containers.get('subject').state();
    process.kill(pid, 'SIGKILL');
    await untilGone(monitorPid);
    await env.killedAt(point, 'ps');
    await env.tspod('ps');
    t.deepEqual(statusesOf(env.runRoot), ['create', 'init', 'start', 'died', 'remove']);
  });
}

test('events: an end is told once, though its monitor and what looked after it were killed', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const env = await faults(t);
  await env.tspod('run', '-d', '--name', 'subject', ...env.flags, 'host:', 'sleep', '1000');
  await killHard(env.engine.containers.get('subject').state().monitorPid);
  await env.killedAt('torn-down', 'ps');
  await env.tspod('ps');
  t.deepEqual(statusesOf(env.runRoot), ['create', 'init', 'start', 'died', 'cleanup']);
  const died = readEvents(eventPaths(env.runRoot)).find(({ status }) => status === 'died');
  t.is(died?.attributes['containerExitCode'], '-1');
});

/** Collects until the status has come so often. */
async function collectUntil(
  events: AsyncIterable<EngineEvent>,
  status: string,
  times = 1,
): Promise<readonly EngineEvent[]> {
  const collected: EngineEvent[] = [];
  for await (const event of events) {
    collected.push(event);
    if (collected.filter((each) => each.status === status).length === times) break;
  }
  return collected;
}

test('events: a follower is told of ends that nobody else looks for', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const { engine, options, reopen } = await testEngine(t);
  const other = await reopen();
  const before = await other.containers.create(options({ command: ['sleep', '1000'] }));
  await before.start();
  const since = new Date();
  const told = collectUntil(engine.events({ follow: true, since }), 'cleanup', 3);
  const ended = await other.containers.create(options({ command: ['sh', '-c', 'exit 7'] }));
  await ended.start();
  process.kill(before.state().pid, 'SIGKILL');
  const lost = await other.containers.create(options({ command: ['sleep', '1000'] }));
  await lost.start();
  await killHard(lost.state().monitorPid);
  const died = (await told).filter(({ status }) => status === 'died');
  t.deepEqual(
    new Map(died.map(({ id, attributes }) => [id, attributes['containerExitCode']])),
    new Map([
      [ended.id, '7'],
      [before.id, '137'],
      [lost.id, '-1'],
    ]),
  );
  for (const { id } of [ended, before, lost]) t.is(other.containers.get(id).state().status, 'exited');
});

test('events: a follower removes what was to be removed at its end, and is told of restarts', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const { engine, options, reopen } = await testEngine(t);
  const other = await reopen();
  const container = await other.containers.create(
    options({ command: ['sh', '-c', 'exit 1'], restart: { policy: 'on-failure', maxRetries: 1 }, labels: { a: 'b' } }),
  );
  const told = collectUntil(engine.events({ follow: true, filters: { label: ['a=b'] } }), 'cleanup');
  await container.start();
  t.deepEqual(
    (await told).map(({ status }) => status),
    ['init', 'start', 'died', 'restart', 'init', 'start', 'died', 'cleanup'],
  );
  await container.remove();
  const removal = collectUntil(engine.events({ follow: true }), 'remove');
  await runDetached(other, options({ command: ['true'], autoRemove: true }));
  t.deepEqual(
    (await removal).map(({ status }) => status),
    ['create', 'init', 'start', 'died', 'remove'],
  );
});

async function runDetached(engine: Engine, options: CreateOptions): Promise<void> {
  await (await engine.containers.create(options)).start();
}

test('events: since, until and filters choose', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const { engine, options } = await testEngine(t);
  await engine.run(options({ name: 'one', command: ['true'], labels: { app: 'web', tier: 'x' } }));
  const all = await allOf(engine.events());
  const middle = all[3]?.time ?? new Date();
  await engine.run(options({ name: 'two', command: ['false'] }));
  const names = async (filters: Record<string, string[]>) =>
    (await allOf(engine.events({ filters }))).map(({ name, status }) => `${name} ${status}`);
  t.deepEqual(await names({ event: ['died', 'create'] }), ['one create', 'one died', 'two create', 'two died']);
  t.deepEqual(await names({ status: ['die'], name: ['two'] }), ['two died']);
  t.deepEqual(await names({ label: ['app=web'], event: ['start'] }), ['one start']);
  t.deepEqual(await names({ label: ['tier'], event: ['start'] }), ['one start']);
  t.deepEqual(await names({ label: ['app=other'] }), []);
  t.deepEqual(await names({ type: ['system'] }), [' refresh']);
  t.deepEqual(await names({ container: [all[1]?.id.slice(0, 12) ?? ''], event: ['remove'] }), ['one remove']);
  t.deepEqual(await names({ id: [all[1]?.id ?? ''], image: ['host:'], event: ['init'] }), ['one init']);
  t.deepEqual(await names({ image: ['busybox'] }), []);
  for (const bad of [{ foo: ['x'] }, { event: ['strat'] }, { type: ['x'] }]) {
    await rejectsWith(t, allOf(engine.events({ filters: bad })), 'INVALID_ARGUMENT');
  }
  const early = await allOf(engine.events({ until: middle }));
  const late = await allOf(engine.events({ since: new Date(middle.getTime() + 1), follow: true, until: new Date() }));
  t.is(early.length + late.length, all.length + 5);
  t.true(early.every(({ time }) => time <= middle) && late.every(({ time }) => time > middle));
});

test('events: an abort ends a follower, and without a backend there are none', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const { engine, root, runRoot } = await testEngine(t);
  const abort = new AbortController();
  const told = allOf(engine.events({ follow: true, signal: abort.signal }));
  setImmediate(() => abort.abort());
  await rejectsWith(t, told, 'ABORTED');
  await rejectsWith(t, allOf(engine.events({ signal: abort.signal })), 'ABORTED');
  const silent = await openEngine({ root, runRoot, eventsBackend: 'none' });
  await rejectsWith(t, allOf(silent.events()), 'NOT_SUPPORTED');
  const before = readEvents(eventPaths(runRoot)).length;
  const container = await silent.containers.create({ rootfs: '/', command: ['true'], network: 'none' });
  await container.remove();
  t.is(readEvents(eventPaths(runRoot)).length, before);
  await silent.close();
  await t.throwsAsync(openEngine({ root, runRoot, eventsBackend: 'journald' as 'none' }), { code: 'INVALID_ARGUMENT' });
});

async function allOf(events: AsyncIterable<EngineEvent>): Promise<readonly EngineEvent[]> {
  const all: EngineEvent[] = [];
  for await (const event of events) all.push(event);
  return all;
}
