/** Misspelt options of calls that choose what is listed, ended or removed. */
import { readdirSync } from 'node:fs';
import { PassThrough } from 'node:stream';
import test from 'ava';

import { testEngine } from '../helpers/engine.js';
import { requires } from '../helpers/requires.js';

/** Such as a program without types passes. */
const misspelt = (options: object) => options as never;

test('call options: a misspelt filter lists and removes nothing', async (t) => {
  if (!requires(t, 'root')) return;
  const { engine, options } = await testEngine(t);
  const { containers, volumes, networks, images, pods, secrets } = engine;
  await containers.create(options({ name: 'kept', command: ['true'] }));
  await volumes.create({ name: 'kept' });
  const filter = misspelt({ filter: { label: ['app=web'] } });
  const message = /^unknown option "filter" in (prune|list) options: did you mean "filters"\?$/;
  await t.throwsAsync(() => containers.prune(filter), { instanceOf: TypeError, message });
  await t.throwsAsync(() => volumes.prune(filter), { instanceOf: TypeError, message });
  await t.throwsAsync(() => networks.prune(filter), { instanceOf: TypeError, message });
  await t.throwsAsync(() => images.prune(filter), { instanceOf: TypeError, message });
  await t.throwsAsync(() => pods.prune(filter), { instanceOf: TypeError, message });
  await t.throwsAsync(() => engine.prune(filter), { instanceOf: TypeError, message });
  for (const kind of [containers, volumes, networks, images, pods, secrets])
    t.throws(() => kind.list(filter), { instanceOf: TypeError, message });
  await t.throwsAsync(() => volumes.prune(misspelt({ all: true, dryrun: true })), {
    instanceOf: TypeError,
    message: /did you mean "dryRun"/,
  });
  await t.throwsAsync(() => containers.prune(misspelt({ filters: { label: 'app=web' } })), {
    instanceOf: TypeError,
    message: 'prune options.filters must be an object with arrays of strings as values',
  });
  t.true(containers.exists('kept'));
  t.true(volumes.exists('kept'));
});

test('call options: wrong options of attach, logs and exec are told before anything begins', async (t) => {
  if (!requires(t, 'root')) return;
  const { engine, options } = await testEngine(t);
  const command = ['sleep', '1000'];
  const container = await engine.containers.create(options({ command, log: { driver: 'k8s-file' } }));
  await container.start();
  const attaching = { stdOut: new PassThrough() };
  await t.throwsAsync(() => container.attach(misspelt(attaching)), { instanceOf: TypeError, message: /"stdout"/ });
  await t.throwsAsync(() => container.attach(misspelt({ stdin: 'abc' })), { instanceOf: TypeError });
  const connections = readdirSync('/proc/self/fd').length;
  const web = misspelt({ stdout: new WritableStream() });
  const message = 'stdout must be a Writable of node:stream';
  await t.throwsAsync(() => container.attach(web), { instanceOf: TypeError, message });
  t.is(readdirSync('/proc/self/fd').length, connections);
  const never = new Date(NaN);
  for (const wrong of [{ tails: 1 }, { tail: '5' }, { since: '2020-01-01' }, { since: never }, { until: never }])
    t.throws(() => container.logs(misspelt(wrong)), { instanceOf: TypeError }, JSON.stringify(wrong));
  for (const wrong of [{ tail: NaN }, { stream: 'both' }])
    t.throws(() => container.logs(misspelt(wrong)), { code: 'INVALID_ARGUMENT' }, JSON.stringify(wrong));
  for (const wrong of [{ untill: new Date() }, { since: never }, { until: '2020-01-01' }])
    t.throws(() => engine.events(misspelt(wrong)), { instanceOf: TypeError }, JSON.stringify(wrong));
  for (const wrong of [{ encoding: 'nope' }, { input: 5 }, { input: {} }]) {
    const marked = misspelt({ command: ['touch', '/tmp/ran'], ...wrong });
    await t.throwsAsync(() => container.exec(marked), { instanceOf: TypeError }, JSON.stringify(wrong));
  }
  t.is((await container.exec({ command: ['test', '-e', '/tmp/ran'] })).exitCode, 1);
  t.is((await container.exec({ command: ['cat'], input: some() })).stdout, 'some input');
  const session = await container.attach({ stdout: new PassThrough() });
  session[Symbol.dispose]();
  t.deepEqual(await session.ended, { reason: 'detached' });
});

async function* some() {
  yield 'some ';
  await Promise.resolve();
  yield Buffer.from('input');
}

test('call options: a misspelt option of a container or a pod neither ends nor removes it', async (t) => {
  if (!requires(t, 'root')) return;
  const { engine, options } = await testEngine(t);
  const container = await engine.containers.create(options({ command: ['sleep', '1000'] }));
  await container.start();
  const timeout = misspelt({ timeout: 0 });
  await t.throwsAsync(() => container.stop(timeout), {
    instanceOf: TypeError,
    message: 'unknown option "timeout" in stop options: did you mean "timeoutSec"?',
  });
  await t.throwsAsync(() => container.restart(timeout), { instanceOf: TypeError });
  await t.throwsAsync(() => container.wait(misspelt({ condition: ['healthy'] })), { instanceOf: TypeError });
  await t.throwsAsync(() => container.remove(misspelt({ force: 'no' })), {
    instanceOf: TypeError,
    message: 'remove options.force must be a boolean',
  });
  await t.throwsAsync(() => engine.containers.remove(container.id, misspelt({ forced: true })), {
    instanceOf: TypeError,
  });
  await t.throwsAsync(() => container.stop(misspelt({ signal: 'SIGTERM' })), {
    instanceOf: TypeError,
    message: 'stop options.signal must be an AbortSignal',
  });
  t.is(container.state().status, 'running');
  const pod = await engine.pods.create({ name: 'kept' });
  await t.throwsAsync(() => pod.stop(timeout), { instanceOf: TypeError });
  await t.throwsAsync(() => pod.restart(timeout), { instanceOf: TypeError });
  await t.throwsAsync(() => pod.remove(misspelt({ forced: true })), { instanceOf: TypeError });
  await t.throwsAsync(() => engine.volumes.remove('none', timeout), { instanceOf: TypeError });
  await t.throwsAsync(() => engine.networks.remove('none', timeout), { instanceOf: TypeError });
  await t.throwsAsync(() => engine.images.remove('none', timeout), { instanceOf: TypeError });
  t.true(engine.pods.exists('kept'));
});
