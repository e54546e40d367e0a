import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import test from 'ava';

import { eventPaths } from '../../../src/events/event-log.js';
import { readEvents } from '../../../src/events/read.js';
import { openEngine, type CreateOptions, type Engine, type EngineEvent } from '../../../src/index.js';
import { rejectsWith, testEngine } from '../../helpers/engine.js';
import { until } from '../../helpers/until.js';
import { faults } from '../../helpers/faults.js';
import { openDescriptors } from '../../helpers/native.js';
import { killHard, suspend, untilGone } from '../../helpers/processes.js';
import { requires } from '../../helpers/requires.js';

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

test('events: a container that is put on a network or taken off it is an event of the network', async (t) => {
  if (!requires(t, 'root')) return;
  const { engine, options, runRoot } = await testEngine(t);
  await engine.networks.create({ name: 'web', disableDns: true });
  await engine.networks.create({ name: 'db', disableDns: true });
  const container = await engine.containers.create(options({ name: 'a', network: 'web', labels: { app: 'web' } }));
  await engine.networks.connect('db', container.id);
  await engine.networks.disconnect('db', container.id);
  const told = readEvents(eventPaths(runRoot)).filter(({ status }) => status.endsWith('connect'));
  const event = { type: 'network', id: container.id, name: 'a', image: '', attributes: { network: 'db' } };
  t.like(told[0], { ...event, status: 'connect' });
  t.like(told[1], { ...event, status: 'disconnect' });
  t.is(told.length, 2);
  t.deepEqual(Object.keys(told[0]?.attributes ?? {}), ['network']);
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

test('events: restarts of a container that goes on are told by who comes next', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const { engine, options, runRoot, reopen } = await testEngine(t);
  const container = await engine.containers.create(
    options({
      command: ['sh', '-c', 'test -e /tmp/run && exec sleep 1000; touch /tmp/run; exit 3'],
      restart: { policy: 'always' },
    }),
  );
  await container.start();
  await until('the second run', () => container.state().restartCount === 1 && container.state().status === 'running');
  await reopen();
  await reopen();
  t.deepEqual(statusesOf(runRoot), ['create', 'init', 'start', 'died', 'restart', 'init', 'start']);
});

test('events: an end is told by who comes next, also while the next run is waited for', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const { engine, options, runRoot, reopen } = await testEngine(t);
  const container = await engine.containers.create(
    options({ command: ['sh', '-c', 'exit 3'], restart: { policy: 'always' } }),
  );
  await container.start();
  // The delay doubles: by now there is time to look, also on a busy machine.
  const hasEnded = () => existsSync(join(runRoot, 'c', container.id, 'end-6'));
  await until('the seventh end', () => hasEnded() && container.state().status === 'restarting');
  await reopen();
  t.like(container.state(), { status: 'restarting', restartCount: 6 });
  t.is(statusesOf(runRoot).filter((status) => status === 'died').length, 7);
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
    t.throws(() => engine.events({ filters: bad }), { code: 'INVALID_ARGUMENT' });
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
  t.throws(() => silent.events(), { code: 'NOT_SUPPORTED' });
  const before = readEvents(eventPaths(runRoot)).length;
  const container = await silent.containers.create({ rootfs: '/', command: ['true'], network: 'none' });
  await container.remove();
  t.is(readEvents(eventPaths(runRoot)).length, before);
  await silent.close();
  await t.throwsAsync(openEngine({ root, runRoot, eventsBackend: 'journald' as 'none' }), { code: 'INVALID_ARGUMENT' });
});

test('events: a follower is told of what happens from the call on, whenever the first is asked for', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const { engine, options } = await testEngine(t);
  await engine.run(options({ name: 'before', command: ['true'] }));
  const told = engine.events({ follow: true, filters: { event: ['create'] } });
  await engine.run(options({ name: 'after', command: ['true'] }));
  for await (const { name } of told) {
    t.is(name, 'after');
    break;
  }
});

test('events: a follower that was left, or whose engine is closed, has nothing open', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const { engine, reopen, runRoot } = await testEngine(t);
  const { file } = eventPaths(runRoot);
  const opened = () => [...openDescriptors().values()].filter((path) => path === file).length;
  const before = opened();
  const left = engine.events({ follow: true })[Symbol.asyncIterator]();
  const closed = await reopen();
  closed.events({ follow: true });
  const asked = closed.events({ follow: true, since: new Date(0) })[Symbol.asyncIterator]();
  t.false((await asked.next()).done);
  await left.return?.();
  await closed.close();
  t.is(opened(), before);
});

test('events: a follower may watch over many', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const { engine, options } = await testEngine(t);
  const container = await engine.containers.create(options({ command: ['sleep', '1000'] }));
  await container.start();
  const abort = new AbortController();
  const told = allOf(engine.events({ follow: true, signal: abort.signal }));
  const creating = Array.from({ length: 12 }, () => container.createExec({ command: ['sleep', '1000'] }));
  const commands = await Promise.all(creating);
  for (const command of commands) await command.start();
  for (const command of commands) await command.stop({ timeoutSec: 0 });
  // A warning of Node fails the file.
  abort.abort();
  await rejectsWith(t, told, 'ABORTED');
});

async function allOf(events: AsyncIterable<EngineEvent>): Promise<readonly EngineEvent[]> {
  const all: EngineEvent[] = [];
  for await (const event of events) all.push(event);
  return all;
}

/** What has been told of these statuses, with what it told besides the labels. */
function toldOf(runRoot: string, ...statuses: readonly string[]): readonly string[] {
  return readEvents(eventPaths(runRoot))
    .filter(({ status }) => statuses.includes(status))
    .map(({ status, attributes }) => [status, ...Object.values(attributes)].join(' '));
}

test('events: copies and syncs', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const env = await faults(t);
  await env.tspod('create', '--name', 'subject', ...env.flags, 'host:', 'true');
  t.is((await env.tspod('cp', '/etc/hostname', 'subject:/tmp/in')).status, 0);
  t.is((await env.tspod('cp', 'subject:/tmp/in', '-')).status, 0);
  t.is((await env.tspod('ps', '-a', '--sync')).status, 0);
  await env.tspod('ps', '-a');
  t.deepEqual(toldOf(env.runRoot, 'copy', 'sync'), ['copy', 'copy', 'sync']);
});

test('events: the end of a detached command is told by who looks next, once', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const env = await faults(t);
  await env.tspod('run', '-d', '--name', 'subject', ...env.flags, 'host:', 'sleep', '1000');
  await env.tspod('exec', '-d', 'subject', 'sh', '-c', 'exit 4');
  const container = env.engine.containers.get('subject');
  await until('the command has ended', () => container.execSessions().every((one) => one.state() === 'stopped'));
  const { stdout } = await env.tspod('events', '--stream=false', '--format', '{{.Status}} {{.ContainerExitCode}}');
  t.regex(stdout, /^exec 0\nexec_died 4\n$/m);
  await env.tspod('exec', '-d', 'subject', 'sleep', '1000');
  await env.tspod('rm', '--force', '--time', '0', 'subject');
  t.deepEqual(toldOf(env.runRoot, 'exec', 'exec_died', 'died', 'remove'), [
    'exec',
    'exec_died 4',
    'exec',
    'exec_died 137',
    'died 137',
    'remove',
  ]);
});

test('events: the end of a command is told when its monitor was stopped', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const env = await faults(t);
  const own = ['--name', 'subject', '--pid', 'host', ...env.flags];
  await env.tspod('run', '-d', ...own, 'host:', 'sleep', '1000');
  await env.tspod('exec', '-d', 'subject', 'sleep', '1000');
  const container = env.engine.containers.get('subject');
  const { Pid = 0 } = container.execSessions()[0]?.inspect() ?? {};
  await suspend(Number(/^PPid:\t(\d+)$/m.exec(readFileSync(`/proc/${String(Pid)}/status`, 'utf8'))?.[1]));
  await killHard(container.state().pid);
  await until('it has ended', async () => (await env.tspod('ps', '-aq', '--filter', 'status=exited')).stdout !== '');
  t.deepEqual(toldOf(env.runRoot, 'exec', 'exec_died'), ['exec', 'exec_died 137']);
});

test('events: a command that ended before it was recorded has begun before', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const env = await faults(t);
  await env.tspod('run', '-d', '--name', 'subject', ...env.flags, 'host:', 'sleep', '1000');
  const starter = await env.stoppedAt('exec-started', 'exec', '-d', 'subject', 'true');
  const container = env.engine.containers.get('subject');
  await until('the command has ended', () => container.execSessions().every((one) => one.state() === 'stopped'));
  t.is((await starter.goOn()).status, 0);
  await env.tspod('ps');
  t.deepEqual(toldOf(env.runRoot, 'exec', 'exec_died'), ['exec', 'exec_died 0']);
});

test('events: a command whose monitor was killed has died, and nobody knows how', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const env = await faults(t);
  await env.tspod('run', '-d', '--name', 'subject', ...env.flags, 'host:', 'sleep', '1000');
  const before = env.processes();
  await env.tspod('exec', '-d', 'subject', 'sleep', '1000');
  const session = env.engine.containers.get('subject').execSessions()[0];
  const { Pid = 0 } = session?.inspect() ?? {};
  // The monitor first: it would tell how the command ended.
  await killHard(Number(/^PPid:\t(\d+)$/m.exec(readFileSync(`/proc/${String(Pid)}/status`, 'utf8'))?.[1]));
  for (const line of env.processes())
    if (!before.includes(line)) await killHard(Number(line.split(' ')[1])).catch(() => undefined);
  await untilGone(Pid);
  await env.tspod('ps');
  await env.tspod('ps');
  t.deepEqual(toldOf(env.runRoot, 'exec', 'exec_died'), ['exec', 'exec_died -1']);
});

test('events: a follower is told of commands that end, and of health that changes', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const env = await faults(t);
  // It may come so late that it has told of the first change when it begins to follow.
  const format = '{{.Status}} {{.ContainerExitCode}} {{.HealthStatus}}';
  const follower = env.begin('events', '--since', '1h', '--format', format);
  const health = ['--health-cmd', 'test -e /well', '--health-interval', '100ms', '--health-retries', '1'];
  await env.tspod('run', '-d', '--name', 'subject', ...health, ...env.flags, 'host:', 'sleep', '1000');
  await until('it is unhealthy', () => follower.heard().includes('health_status 0 unhealthy\n'));
  await env.tspod('exec', '-d', 'subject', 'sh', '-c', 'touch /well; exit 6');
  await until('it is healthy', () => follower.heard().includes('health_status 0 healthy\n'));
  await until('the command ended', () => follower.heard().includes('exec_died 6 \n'));
  await killHard(follower.pid);
  const changes = follower.heard().match(/^health_status .*$/gm);
  t.deepEqual(changes, ['health_status 0 unhealthy', 'health_status 0 healthy']);
});

test('events: health that changed is told by who looks next; healthcheck run tells each time', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const env = await faults(t);
  const health = ['--health-cmd', 'test -e /well', '--health-interval', 'disable', '--health-retries', '2'];
  await env.tspod(
    'run',
    '-d',
    '--name',
    'subject',
    '--label',
    'a=b',
    ...health,
    ...env.flags,
    'host:',
    'sleep',
    '1000',
  );
  const check = async () => (await env.tspod('healthcheck', 'run', 'subject')).status;
  t.is(await check(), 1);
  t.is(await check(), 1);
  await env.tspod('exec', 'subject', 'touch', '/well');
  t.is(await check(), 0);
  await env.tspod('ps');
  const line = await env.tspod('events', '--stream=false', '--filter', 'event=health_status');
  const words = line.stdout.split('\n').map((one) => /\(.*\)$/.exec(one)?.[0] ?? '');
  t.deepEqual(words, [
    '(image=host:, name=subject, health_status=starting, a=b)',
    '(image=host:, name=subject, health_status=unhealthy, a=b)',
    '(image=host:, name=subject, health_status=healthy, a=b)',
    '',
  ]);
  const json = await env.tspod('events', '--stream=false', '--filter', 'event=health_status', '--format', 'json');
  t.like(JSON.parse(json.stdout.split('\n')[0] ?? ''), { Status: 'health_status', health_status: 'starting' });
});

test('events: a health that changed while nobody was there is told at the next look', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const env = await faults(t);
  const health = ['--health-cmd', 'true', '--health-interval', '50ms'];
  await env.tspod('run', '-d', '--name', 'subject', ...health, ...env.flags, 'host:', 'sleep', '1000');
  const container = env.engine.containers.get('subject');
  await container.wait({ conditions: ['healthy'], intervalMs: 10 });
  t.deepEqual(toldOf(env.runRoot, 'health_status'), []);
  await env.tspod('ps');
  await env.tspod('ps');
  t.deepEqual(toldOf(env.runRoot, 'health_status'), ['health_status healthy']);
});
