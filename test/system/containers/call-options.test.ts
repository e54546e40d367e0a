/** Misspelt options of calls that choose what is listed, ended or removed. */
import { readdirSync } from 'node:fs';
import { PassThrough, Readable } from 'node:stream';
import test from 'ava';

import { openEngine, type Engine } from '../../../src/index.js';
import { rejectsWith, testEngine } from '../../helpers/engine.js';
import { startServer } from '../../helpers/http-server.js';
import { requires } from '../../helpers/requires.js';

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

// Alone in the process: what it counts is the process's.
test.serial('call options: wrong options of attach, logs and exec are told before anything begins', async (t) => {
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
  for (const wrong of [{ encoding: 'nope' }, { input: 5 }, { input: {} }, { input: null }]) {
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

/** Calls that run something, each with options that are right. */
interface Running {
  readonly name: string;
  readonly begin: (options: object) => Promise<unknown>;
}

test('call options: nothing runs where an option is wrong, or belongs to another call', async (t) => {
  if (!requires(t, 'root')) return;
  const { engine, options } = await testEngine(t);
  const container = await engine.containers.create(options({ command: ['sleep', '1000'] }));
  await container.start();
  const mark = `/tmp/${container.id}`;
  const command = ['touch', mark];
  const run: Running = { name: 'run', begin: (more) => engine.run(misspelt({ ...options({ command }), ...more })) };
  const spawn: Running = {
    name: 'spawn',
    begin: (more) => engine.spawn(misspelt({ ...options({ command }), ...more })),
  };
  const exec: Running = { name: 'exec', begin: (more) => container.exec(misspelt({ command, ...more })) };
  const spawnExec: Running = {
    name: 'spawnExec',
    begin: (more) => container.spawnExec(misspelt({ command, ...more })),
  };
  const attached: Running = {
    name: 'execAttached',
    begin: (more) => container.execAttached(misspelt({ command, ...more })),
  };
  const createExec: Running = {
    name: 'createExec',
    begin: (more) => container.createExec(misspelt({ command, ...more })),
  };
  const startExec: Running = {
    name: 'startExec',
    begin: (more) => container.startExec(misspelt({ command, ...more })),
  };
  const refused = async (calls: readonly Running[], wrong: object, message: RegExp) => {
    for (const { name, begin } of calls)
      await t.throwsAsync(begin(wrong), { instanceOf: TypeError, message }, `${name} ${JSON.stringify(wrong)}`);
  };
  const controller = /options\.signal must be an AbortSignal$/;
  await refused([run, spawn, exec, spawnExec, attached, startExec], { signal: new AbortController() }, controller);
  await refused(
    [run, exec],
    { stdin: 'hello' },
    /^unknown option "stdin" in (run|exec) options: did you mean "input"\?$/,
  );
  const source = /^unknown option "input" in (spawn|spawnExec|execAttached) options: did you mean "stdin"\?$/;
  await refused([spawn, spawnExec, attached], { input: 'hello' }, source);
  await refused([run, exec], { input: null }, /options\.input must be text, bytes or a stream of these$/);
  await refused([spawn, spawnExec, attached, createExec], { maxOutputBytes: 1 }, /^unknown option "maxOutputBytes"/);
  await refused([spawn, spawnExec, attached, createExec], { encoding: 'buffer' }, /^unknown option "encoding"/);
  await refused([exec, attached, createExec], { detach: true }, /^unknown option "detach"/);
  await refused([exec], { fds: [1] }, /^unknown option "fds"/);
  await refused([startExec, createExec], { attachedStdout: true }, /did you mean "attachStdout"\?$/);
  const stdio = /options\.stdout must be 'pipe', 'ignore', 'inherit' or a descriptor$/;
  for (const stdout of ['pipee', -1, 1.5, null]) await refused([run, spawn, exec, spawnExec], { stdout }, stdio);
  const sized = [run, spawn, exec, spawnExec, attached, startExec];
  await refused(sized, { size: { rows: 5, cols: 5 } }, /^unknown option "cols" in size/);
  for (const { begin } of sized)
    await t.throwsAsync(begin({ size: { rows: -1, columns: 80 } }), { code: 'INVALID_ARGUMENT' });
  t.is((await container.exec({ command: ['test', '-e', mark] })).exitCode, 1);
  const own = await engine.containers.create(options({ command: ['true'] }));
  await t.throwsAsync(own.startAttached(misspelt({ stdOut: new PassThrough() })), { message: /"stdout"/ });
  await t.throwsAsync(own.start(misspelt({ signal: new AbortController() })), { message: controller });
  await t.throwsAsync(own.init(misspelt({ stdio: { out: 1 } })), {
    message: /^unknown option "out" in start options.stdio/,
  });
  const session = await container.createExec({ command: ['cat'], interactive: true });
  await t.throwsAsync(session.startAttached(misspelt({ stdOut: new PassThrough() })), { message: /"stdout"/ });
  await t.throwsAsync(session.start(misspelt({ sizes: {} })), { message: /did you mean "size"/ });
  await t.throwsAsync(session.stop(misspelt({ timeout: 0 })), { message: /did you mean "timeoutSec"/ });
  await t.throwsAsync(session.remove(misspelt({ forced: true })), { message: /did you mean "force"/ });
  t.is(session.state(), 'created');
  t.is(own.state().status, 'created');
});

test('call options: options that are none are told as such', async (t) => {
  if (!requires(t, 'root')) return;
  const { engine, options } = await testEngine(t);
  const container = await engine.containers.create(options({ command: ['sleep', '1000'] }));
  for (const none of [null, undefined, 5, []]) {
    const wrong = misspelt(none as never);
    const calls = [
      () => engine.run(wrong),
      () => engine.spawn(wrong),
      () => container.exec(wrong),
      () => container.spawnExec(wrong),
      () => container.createExec(wrong),
    ];
    for (const begin of calls) {
      const message = /^\w+ options must be an object$/;
      await t.throwsAsync(begin, { instanceOf: TypeError, message });
    }
  }
});

test('call options: what is run with a terminal of a size sees that size', async (t) => {
  if (!requires(t, 'root')) return;
  const { engine, options } = await testEngine(t);
  const size = { rows: 33, columns: 99 };
  const command = ['stty', 'size'];
  const { stdout } = await engine.run({ ...options({ command, tty: true }), size });
  t.is(stdout.trim(), '33 99');
  const container = await engine.containers.create(options({ command: ['sleep', '1000'] }));
  await container.start();
  t.is((await container.exec({ command, tty: true, size })).stdout.trim(), '33 99');
  await using sleeper = await container.spawnExec({ command: ['sleep', '1000'], tty: true });
  for (const wrong of [
    { rows: -1, columns: 80 },
    { rows: 24, columns: NaN },
  ])
    t.throws(() => sleeper.resize(wrong), { code: 'INVALID_ARGUMENT' });
  t.throws(() => sleeper.resize(misspelt({ rows: 24, cols: 80 })), { instanceOf: TypeError, message: /"cols"/ });
});

test('call options: create, run and spawn: wrong options are told before anything is fetched', async (t) => {
  if (!requires(t, 'root')) return;
  const { engine, options } = await testEngine(t);
  const asked: string[] = [];
  const { host } = await startServer(t, ({ url }) => {
    asked.push(String(url));
  });
  const calls = [
    (given: object) => engine.run(given),
    (given: object) => engine.spawn(given),
    (given: object) => engine.containers.create(given),
  ];
  for (const call of calls) {
    const wanted = (more: object) => options({ image: `${host}/app`, ...more });
    await t.throwsAsync(call(wanted({ comand: ['x'] })), { instanceOf: TypeError, message: /did you mean "command"/ });
    await t.throwsAsync(call(wanted({ env: { A: 5 } })), { instanceOf: TypeError });
    for (const wrong of [{ name: 'not a name' }, { workdir: 'here' }, { capAdd: ['NONE_SUCH'] }, { hide: ['/etc'] }])
      await rejectsWith(t, call(wanted(wrong)), 'INVALID_ARGUMENT');
    await rejectsWith(t, call(wanted({ volumesFrom: ['nobody'] })), 'NO_SUCH_CONTAINER');
  }
  const infraImage = `${host}/app`;
  await rejectsWith(t, engine.pods.create({ infraImage, name: 'not a name' }), 'INVALID_ARGUMENT');
  t.deepEqual(asked, []);
});

test('call options: names that are no texts, and other arguments of a wrong kind, are told as such', async (t) => {
  if (!requires(t, 'root')) return;
  const { engine, options } = await testEngine(t);
  const { containers, images, volumes, secrets, networks, pods, manifests } = engine;
  const container = await containers.create(options({ command: ['true'] }));
  const none = misspelt(undefined as never);
  const handle = misspelt(container);
  const calls = [
    () => containers.get(none),
    () => containers.get(handle),
    () => containers.remove(none),
    () => container.rename(misspelt(['a'])),
    () => images.get(none),
    () => images.exists(handle),
    () => images.tag(none, 'a'),
    () => images.remove(none),
    () => images.pull(none),
    () => images.commit(handle),
    () => volumes.get(none),
    () => volumes.exists(none),
    () => volumes.remove(none),
    () => secrets.get(none),
    () => secrets.create(none, 'text'),
    () => networks.inspect(none),
    () => networks.exists(handle),
    () => networks.connect('none', handle),
    () => pods.get(none),
    () => manifests.get(none),
    () => container.copyOut(none),
    () => container.copyIn(none, Readable.from([])),
    () => container.stat(none),
  ];
  for (const [index, call] of calls.entries()) {
    const message = / must be a string, not (undefined|object|\["a"\])$/;
    await t.throwsAsync(async () => call(), { instanceOf: TypeError, message }, String(index));
  }
  const bytes = misspelt(Buffer.alloc(1024));
  for (const [call, message] of [
    [() => container.copyIn('/tmp', bytes), 'the archive must be a stream of bytes'],
    [() => container.copyIn('/tmp', misspelt('/path' as never)), 'the archive must be a stream of bytes'],
    [() => images.import(bytes), 'the archive must be a path or a stream of bytes'],
    [() => images.import(none), 'the archive must be a path or a stream of bytes'],
    [() => images.load(bytes), 'the archive must be a path or a stream of bytes'],
    [() => volumes.import('v', bytes), 'the archive must be a path or a stream of bytes'],
  ] as const)
    await t.throwsAsync(call, { instanceOf: TypeError, message });
  t.throws(() => engine.events({ filters: misspelt({ event: 'died' }) }), {
    instanceOf: TypeError,
    message: 'events options.filters must be an object with arrays of strings as values',
  });
  await t.throwsAsync(() => secrets.create('s', misspelt(5 as never)), {
    instanceOf: TypeError,
    message: 'the data of a secret must be text or bytes',
  });
  await t.throwsAsync(() => openEngine(misspelt({ root: 5 })), {
    instanceOf: TypeError,
    message: 'openEngine options.root must be a string',
  });
  await t.throwsAsync(() => openEngine(misspelt({ rot: '/tmp' })), { instanceOf: TypeError, message: /"root"/ });
  await t.throwsAsync(() => openEngine(misspelt(null as never)), { instanceOf: TypeError });
});

test('call options: descriptors that are not open are told before anything runs', async (t) => {
  if (!requires(t, 'root')) return;
  const { engine, options } = await testEngine(t);
  const container = await engine.containers.create(options({ command: ['sleep', '1000'], preserveFds: 1 }));
  const none = { code: 'INVALID_ARGUMENT', message: /^(stdin|stdout|fds|listenFds): descriptor 99999 is not open$/ };
  await t.throwsAsync(engine.run({ ...options({ command: ['true'] }), stdout: 99999 }), none);
  await t.throwsAsync(engine.spawn({ ...options({ command: ['true'] }), stdin: 99999 }), none);
  await t.throwsAsync(container.start({ stdio: { stdout: 99999 } }), none);
  await t.throwsAsync(container.start({ fds: [99999] }), none);
  await t.throwsAsync(container.start({ listenFds: { fds: [99999] } }), none);
  const both = { code: 'INVALID_ARGUMENT', message: /^listenFds cannot be given together with preserveFds$/ };
  await t.throwsAsync(container.start({ listenFds: { fds: [0] } }), both);
  t.is(container.state().status, 'created');
});

test('call options: no call passes over an option that it does not know', async (t) => {
  if (!requires(t, 'root')) return;
  const { engine, options } = await testEngine(t);
  const { containers, images, manifests, networks, pods, secrets, volumes } = engine;
  const c = await containers.create(options({ command: ['true'] }));
  const pod = await pods.create({ name: 'pod' });
  const wrong = misspelt({ nonsense: true });
  const registry = misspelt({ registry: { tlsverify: false } });
  const calls: Readonly<Record<string, () => unknown>> = {
    inspect: () => c.inspect(wrong),
    stats: () => c.stats(wrong),
    watchStats: () => c.watchStats(wrong),
    dependents: () => c.dependents(wrong),
    cleanup: () => c.cleanup(wrong),
    sync: () => c.sync(wrong),
    batch: () => c.batch(() => 0, wrong),
    export: () => c.export(wrong),
    copyOut: () => c.copyOut('/etc/hosts', wrong),
    copyIn: () => c.copyIn('/tmp', new PassThrough(), wrong),
    'diff of a container': () => c.diff(wrong),
    unmount: () => c.unmount(wrong),
    stat: () => c.stat('/', wrong),
    clone: () => containers.clone(c.id, wrong),
    'start of a pod': () => pod.start(wrong),
    'stats of a pod': () => pod.stats(wrong),
    'create of a pod, from a registry': () => pods.create({ name: 'other' }, registry),
    diff: () => engine.diff(c.id, undefined, wrong),
    diskUsage: () => engine.diskUsage(wrong),
    'export of a volume': () => volumes.export('none', wrong),
    'import of a volume': () => volumes.import('none', '/dev/null', wrong),
    'check of volumes': () => volumes.check(wrong),
    'create of a secret': () => secrets.create('secret', 'x', wrong),
    'update of a network': () => networks.update('none', wrong),
    connect: () => networks.connect('none', c.id, wrong),
    disconnect: () => networks.disconnect('none', c.id, wrong),
    reload: () => networks.reload(c.id, wrong),
    pull: () => images.pull('oci:/nothing', wrong),
    'pull from a registry': () => images.pull('localhost:1/none', registry),
    pullAllTags: () => images.pullAllTags('localhost:1/none', wrong),
    push: () => images.push('none', undefined, wrong),
    load: () => images.load('/nothing', wrong),
    save: () => images.save('none', '/nothing/archive', wrong),
    import: () => images.import('/nothing', wrong),
    commit: () => images.commit(c.id, wrong),
    'unmount of an image': () => images.unmount('none', wrong),
    'diff of an image': () => images.diff('none', undefined, wrong),
    tree: () => images.tree('none', wrong),
    'check of images': () => images.check(wrong),
    'create of a list': () => manifests.create('list', wrong),
    'add to a list': () => manifests.add('list', 'none', wrong),
    annotate: () => manifests.annotate('list', 'none', wrong),
    'fetch of a manifest': () => manifests.fetch('localhost:1/none', wrong),
    'push of a list': () => manifests.push('list', 'dir:/nothing', wrong),
  };
  const message = /^unknown option "(nonsense|tlsverify)" in \w+ options/;
  for (const [name, call] of Object.entries(calls))
    await t.throwsAsync(async () => call(), { instanceOf: TypeError, message }, name);
  t.deepEqual([pods.list().length, secrets.list().length, manifests.list().length], [1, 0, 0]);
});

test('call options: they count as they are at the call, whatever the caller does with them then', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const { engine, options } = await testEngine(t);
  const command = ['echo', ''];
  const env: Record<string, string> = {};
  const reused = options({ command, env }) as Parameters<Engine['run']>[0];
  const numbers = [0, 1, 2];
  const runs = numbers.map((number) => {
    command[1] = String(number);
    return engine.run(reused);
  });
  const shown = (await Promise.all(runs)).map(({ stdout }) => String(stdout).trim());
  t.deepEqual(shown, ['0', '1', '2']);
  const created = numbers.map((number) => {
    env['NUMBER'] = String(number);
    return engine.containers.create(reused);
  });
  const variables = (await Promise.all(created)).map((container) => container.inspect().Config.Env);
  t.deepEqual(
    variables.map((all) => all.filter((each) => each.startsWith('NUMBER='))),
    [['NUMBER=0'], ['NUMBER=1'], ['NUMBER=2']],
  );
  const container = await created[0];
  if (container === undefined) throw new Error('no container was created');
  const resources = { pidsLimit: 0 };
  const updates = numbers.map((number) => {
    resources.pidsLimit = 100 + number;
    return container.update({ resources });
  });
  // Another object than the one of the last call: whichever comes last has its own number.
  resources.pidsLimit = 7;
  await Promise.all(updates);
  t.not(container.inspect().HostConfig.PidsLimit, 7);
  const labels: Record<string, string> = {};
  const pods = numbers.map((number) => {
    labels['number'] = String(number);
    return engine.pods.create({ labels, infra: false });
  });
  t.deepEqual(
    (await Promise.all(pods)).map((pod) => pod.inspect().Labels?.['number']),
    ['0', '1', '2'],
  );
});

test('call options: an object of the caller that yields bytes is an input as any stream', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const { engine, options } = await testEngine(t);
  const input = {
    async *[Symbol.asyncIterator]() {
      yield await Promise.resolve(Buffer.from('of an object'));
    },
  };
  const { stdout } = await engine.run(options({ command: ['cat'], input } as never));
  t.is(stdout, 'of an object');
});

test('handle: the name stays the last one when the container is gone', async (t) => {
  if (!requires(t, 'root', 'overlay')) return;
  const { engine, options } = await testEngine(t);
  const container = await engine.containers.create(options({ name: 'old', command: ['true'] }));
  await container.rename('new');
  await container.remove();
  t.is(container.name, 'new');
  t.throws(() => engine.findExec(misspelt({})), {
    instanceOf: TypeError,
    message: 'the ID of an exec session must be a string, not object',
  });
});
