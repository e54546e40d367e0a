import { existsSync, mkdirSync, readdirSync, readlinkSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import test, { type ExecutionContext } from 'ava';

import type { TransferProgress } from '../../../src/index.js';
import { digestOf } from '../../../src/oci/digest.js';
import type { ImageRunConfig } from '../../../src/oci/image.js';
import { rejectsWith, testEngine, type TestEngine } from '../../helpers/engine.js';
import {
  busyboxLayer,
  imageOf,
  layerOf,
  layerOfTar,
  sourceOf,
  tarOf,
  type TestImage,
  type TestLayer,
} from '../../helpers/layers.js';
import { startServer } from '../../helpers/http-server.js';
import { PASSWORD, startRegistry, USER } from '../../helpers/registry.js';
import { requires } from '../../helpers/requires.js';
import { temporaryDirectory } from '../../helpers/temp.js';

const ready = (t: ExecutionContext<unknown>) => requires(t, 'root', 'busybox', 'overlay');

async function withImage(
  t: ExecutionContext<unknown>,
  config: ImageRunConfig = {},
  more: readonly TestLayer[] = [],
): Promise<TestEngine & { readonly image: TestImage; readonly run: (...command: string[]) => Promise<string> }> {
  const tested = await testEngine(t);
  const image = imageOf({ layers: [busyboxLayer(), ...more], config });
  await tested.engine.images.pull(sourceOf(image), { name: 'test:1' });
  const run = async (...command: string[]) => {
    const { stdout, stderr, exitCode } = await tested.engine.run(tested.options({ image: 'test:1', command }));
    t.is(exitCode, 0, stderr);
    return stdout;
  };
  return { ...tested, image, run };
}

function layersIn({ root }: TestEngine): readonly string[] {
  return readdirSync(join(root, 'layers'));
}

function blobsIn({ root }: TestEngine): readonly string[] {
  return readdirSync(join(root, 'blobs/sha256'));
}

test('pull: an image is listed, inspected, and run', async (t) => {
  if (!ready(t)) return;
  const { engine, image, run } = await withImage(t, { Cmd: ['echo', 'by', 'default'], Env: ['COLOUR=red'] });
  const [listed] = engine.images.list();
  t.like(listed, {
    id: image.id,
    names: ['localhost/test:1'],
    digest: image.manifest.digest,
    os: 'linux',
    containers: 0,
  });
  t.is(engine.images.inspect('test:1').RootFS.Layers.length, 1);
  t.is(await run(), 'by default\n');
  t.is(await run('sh', '-c', 'echo $COLOUR; cat /etc/passwd | head -1'), 'red\nroot:x:0:0:root:/root:/bin/sh\n');
});

test('run: layers lie upon each other, whiteouts hide, opaque directories begin anew', async (t) => {
  if (!ready(t)) return;
  const { run } = await withImage(t, {}, [
    layerOf([
      { path: 'd', type: 'directory' },
      { path: 'd/one', content: '1' },
      { path: 'd/two', content: '2' },
      { path: 'o', type: 'directory' },
      { path: 'o/hidden', content: 'x' },
    ]),
    layerOf([
      { path: 'd/.wh.one' },
      { path: 'd/two', content: 'two' },
      { path: 'o', type: 'directory' },
      { path: 'o/.wh..wh..opq' },
      { path: 'o/new', content: 'n' },
    ]),
  ]);
  t.is(await run('sh', '-c', 'ls /d /o; cat /d/two'), '/d:\ntwo\n\n/o:\nnew\ntwo');
});

test('run: a directory that a layer does not describe looks as it did below', async (t) => {
  if (!ready(t)) return;
  const { run } = await withImage(t, {}, [
    layerOf([
      { path: 'tmp/f', content: 'x' },
      { path: 'root/deep/f', content: 'x' },
    ]),
  ]);
  t.is(await run('stat', '-c', '%a', '/tmp', '/', '/root/deep'), '1777\n755\n755\n');
});

test('run: 128 layers are mounted, also for a user namespace', async (t) => {
  if (!ready(t)) return;
  const more = Array.from({ length: 127 }, (_, i) => layerOf([{ path: `f${i}`, content: `${i}` }]));
  const { run, engine, options } = await withImage(t, {}, more);
  t.is(await run('sh', '-c', 'ls / | grep -c ^f; cat /f0 /f126'), '127\n0126');
  const maps = [{ containerId: 0, hostId: 100_000, size: 65536 }];
  const mapped = await engine.run(
    options({
      image: 'test:1',
      userns: 'private',
      uidMaps: maps,
      command: ['sh', '-c', 'stat -c %u /f126 && cat /f126'],
    }),
  );
  t.is(mapped.stdout, '0\n126', mapped.stderr);
  const created = await engine.containers.create(options({ image: 'test:1', command: ['true'] }));
  t.deepEqual(await created.diff(), []);
});

test('run: an image without layers is an empty directory', async (t) => {
  if (!ready(t)) return;
  const { engine, options } = await testEngine(t);
  await engine.images.pull(sourceOf(imageOf({})), { name: 'scratch' });
  await rejectsWith(t, engine.run(options({ image: 'scratch', command: ['/none'] })), 'COMMAND_NOT_FOUND');
  await rejectsWith(t, engine.run(options({ image: 'scratch' })), 'INVALID_ARGUMENT');
});

test('run: entrypoint and command: the image command is for the image entrypoint', async (t) => {
  if (!ready(t)) return;
  const { engine, options, run } = await withImage(t, { Entrypoint: ['echo', 'E'], Cmd: ['C'] });
  t.is(await run(), 'E C\n');
  t.is(await run('own'), 'E own\n');
  const { stdout } = await engine.run(options({ image: 'test:1', entrypoint: ['echo', 'X'] }));
  t.is(stdout, 'X\n');
  const message = await rejectsWith(t, engine.run(options({ image: 'test:1', entrypoint: [] })), 'INVALID_ARGUMENT');
  t.is(message, 'no command or entrypoint provided, and no CMD or ENTRYPOINT from image');
});

test('run: user, working directory, labels, stop signal and annotations are the image ones unless others are given', async (t) => {
  if (!ready(t)) return;
  const { engine, options, run } = await withImage(t, {
    User: 'alice',
    WorkingDir: '/srv/made/here',
    Labels: { a: '1', b: '2' },
    StopSignal: 'SIGUSR1',
    ExposedPorts: { '80/tcp': {} },
    Env: ['PATH=/bin', 'EMPTY='],
  });
  t.is(await run('sh', '-c', 'id -u; pwd; stat -c %u .; echo $PATH'), '1000\n/srv/made/here\n1000\n/bin\n');
  const container = await engine.containers.create(
    options({ image: 'test:1', command: ['true'], labels: { b: 'own' } }),
  );
  const { Config } = container.inspect();
  t.deepEqual(Config.Labels, { a: '1', b: 'own' });
  t.is(Config.StopSignal, 'SIGUSR1');
  t.is(Config.User, 'alice');
  const own = await engine.run(
    options({ image: 'test:1', user: '0', workdir: '/etc', command: ['sh', '-c', 'id -u; pwd'] }),
  );
  t.is(own.stdout, '0\n/etc\n');
  const unset = await engine.run(options({ image: 'test:1', unsetEnv: ['EMPTY'], command: ['env'] }));
  t.notRegex(unset.stdout, /EMPTY/);
});

test('run: a working directory that only the user asks for must exist', async (t) => {
  if (!ready(t)) return;
  const { engine, options } = await withImage(t);
  await t.throwsAsync(engine.run(options({ image: 'test:1', workdir: '/missing', command: ['true'] })));
});

test('run: the image health check is the container one, and its parts can be changed', async (t) => {
  if (!ready(t)) return;
  const { engine, options } = await withImage(t, {
    Healthcheck: { Test: ['CMD-SHELL', 'true'], Interval: 5e9, Retries: 7 },
  });
  const health = async (given: Parameters<typeof options>[0]) =>
    (await engine.containers.create(options({ image: 'test:1', command: ['true'], ...given }))).inspect().Config
      .Healthcheck;
  t.like(await health({}), { Test: ['CMD-SHELL', 'true'], Interval: 5e9, Retries: 7 });
  t.like(await health({ health: { retries: 2 } }), { Test: ['CMD-SHELL', 'true'], Retries: 2 });
  t.is(await health({ health: { test: ['NONE'] } }), undefined);
});

test('run: volumes begin with what the image has there, are writable, and go with the container', async (t) => {
  if (!ready(t)) return;
  const tested = await withImage(t, { Volumes: { '/data': {}, '/none': {} } }, [
    layerOf([
      { path: 'data', type: 'directory', mode: 0o750, uid: 1000, gid: 1000 },
      { path: 'data/f', content: 'from the image', uid: 1000 },
      { path: 'data/.wh.lower' },
    ]),
  ]);
  const { engine, options, root } = tested;
  const container = await engine.containers.create(
    options({
      image: 'test:1',
      readOnly: true,
      command: [
        'sh',
        '-c',
        'stat -c "%a %u" /data /data/f; cat /data/f; echo x >> /data/f; touch /none/y; grep -c /data /proc/mounts',
      ],
    }),
  );
  await container.start();
  await container.wait();
  const logs = async () => {
    let text = '';
    for await (const { data } of container.logs()) text += data.toString();
    return text;
  };
  t.regex(await logs(), /^750 1000\n644 1000\nfrom the image1/);
  const [data] = container.inspect().Mounts;
  t.is(statSync(join(data?.Source ?? '', 'f')).uid, 1000);
  await container.start();
  await container.wait();
  t.regex(await logs(), /from the imagex\n1/);
  await container.remove({ volumes: true });
  t.false(existsSync(join(root, 'containers', container.id)));
  t.deepEqual(engine.volumes.list(), []);
});

test('run: image volumes can be tmpfs, or ignored, and give way to mounts', async (t) => {
  if (!ready(t)) return;
  const { engine, options } = await withImage(t, { Volumes: { '/data': {} } }, [
    layerOf([{ path: 'data/f', content: 'x' }]),
  ]);
  const mounts = async (given: Parameters<typeof options>[0]) => {
    const { stdout } = await engine.run(
      options({ image: 'test:1', command: ['sh', '-c', 'grep " /data " /proc/mounts; cat /data/f'], ...given }),
    );
    return stdout;
  };
  t.regex(await mounts({ imageVolume: 'tmpfs' }), /tmpfs \/data tmpfs .*\nx$/);
  t.is(await mounts({ imageVolume: 'ignore' }), 'x');
  t.regex(
    await mounts({ mounts: [{ type: 'tmpfs', target: '/data', options: ['notmpcopyup'] }] }),
    /^tmpfs \/data tmpfs [^\n]*\n$/,
  );
});

test('run: a volume that would cover the kernel is refused', async (t) => {
  if (!ready(t)) return;
  const { engine, options } = await withImage(t, { Volumes: { '/proc/sys': {} } });
  await rejectsWith(t, engine.run(options({ image: 'test:1', command: ['true'] })), 'INVALID_ARGUMENT');
});

test('run: an image that is not here and nowhere else', async (t) => {
  if (!ready(t)) return;
  const { engine, options } = await testEngine(t);
  const message = await rejectsWith(
    t,
    engine.run(options({ image: 'nothing-like-this', pull: 'never', command: ['true'] })),
    'NO_SUCH_IMAGE',
  );
  t.is(message, 'nothing-like-this: image not known');
});

test('images: found by short name, full name, digest, and the beginning of an id', async (t) => {
  if (!ready(t)) return;
  const { engine, image } = await withImage(t);
  engine.images.tag('test:1', 'quay.io/some/where:v2', 'docker.io/library/lib');
  for (const name of [
    'test:1',
    'localhost/test:1',
    'where:v2',
    'some/where:v2',
    'lib',
    'docker.io/library/lib:latest',
    image.id,
    image.id.slice(0, 4),
    `sha256:${image.id}`,
  ])
    t.is(engine.images.get(name).id, image.id, name);
  t.is(engine.images.get(image.manifest.digest).id, image.id);
  t.false(engine.images.exists('here:v2'));
  t.false(engine.images.exists('test:2'));
});

test('images: a name that another image gets leaves the first one dangling; prune removes it', async (t) => {
  if (!ready(t)) return;
  const tested = await withImage(t);
  const { engine } = tested;
  const other = imageOf({ layers: [layerOf([{ path: 'f', content: 'x' }])] });
  await engine.images.pull(sourceOf(other), { name: 'test:1' });
  t.deepEqual(
    engine.images.list({ filters: { dangling: ['true'] } }).map(({ dangling }) => dangling),
    [true],
  );
  t.is(layersIn(tested).length, 2);
  const { removed } = await engine.images.prune();
  t.is(removed.length, 1);
  t.deepEqual(
    engine.images.list().map(({ id }) => id),
    [other.id],
  );
  t.is(layersIn(tested).length, 1);
  t.is(blobsIn(tested).length, 3);
});

test('rmi: a layer stays as long as another image has it', async (t) => {
  if (!ready(t)) return;
  const tested = await withImage(t);
  const { engine } = tested;
  const shared = busyboxLayer();
  await engine.images.pull(sourceOf(imageOf({ layers: [shared], config: { Cmd: ['sh'] } })), { name: 'other' });
  t.is(layersIn(tested).length, 1);
  await engine.images.remove('test:1');
  t.is(layersIn(tested).length, 1);
  t.is((await engine.run(tested.options({ image: 'other', command: ['echo', 'ok'] }))).stdout, 'ok\n');
  await engine.images.remove('other');
  t.deepEqual(layersIn(tested), []);
  t.deepEqual(blobsIn(tested), []);
});

test('rmi: one of several names goes alone; by the id all go, if that is said', async (t) => {
  if (!ready(t)) return;
  const { engine, image } = await withImage(t);
  engine.images.tag('test:1', 'second', 'third');
  t.deepEqual(await engine.images.remove('second'), { untagged: ['localhost/second:latest'], deleted: undefined });
  await rejectsWith(t, engine.images.remove(image.id), 'INVALID_ARGUMENT');
  const gone = await engine.images.remove(image.id, { force: true });
  t.deepEqual(gone, { untagged: ['localhost/test:1', 'localhost/third:latest'], deleted: image.id });
});

test('rmi: an image of a container stays, unless both are to go', async (t) => {
  if (!ready(t)) return;
  const { engine, options, image } = await withImage(t);
  const container = await engine.containers.create(options({ image: 'test:1', command: ['sleep', '100'] }));
  await container.start();
  const message = await rejectsWith(t, engine.images.remove('test:1'), 'IMAGE_IN_USE');
  t.true(message.includes(container.id));
  t.is(engine.images.get('test:1').containers, 1);
  t.is((await engine.images.remove('test:1', { force: true })).deleted, image.id);
  t.false(engine.containers.exists(container.id));
});

test('rmi: one that waits for a container of the image can be given up', async (t) => {
  if (!ready(t)) return;
  const { engine, options } = await withImage(t);
  const container = await engine.containers.create(options({ image: 'test:1', command: ['true'] }));
  await container.batch(async () => {
    const waits = engine.images.remove('test:1', { force: true, signal: AbortSignal.timeout(50) });
    await rejectsWith(t, waits, 'ABORTED');
  });
  t.true(engine.containers.exists(container.id));
  t.true(engine.images.exists('test:1'));
});

test('pull: nothing is fetched twice, and nothing of a layer that is here', async (t) => {
  if (!ready(t)) return;
  const { engine, image } = await withImage(t);
  const again = sourceOf(image);
  await engine.images.pull(again, { name: 'again' });
  t.deepEqual(again.requests, []);
  const more = imageOf({ layers: [busyboxLayer(), layerOf([{ path: 'n', content: 'x' }])] });
  const partly = sourceOf(more);
  await engine.images.pull(partly, { name: 'more' });
  t.is(partly.requests.length, 2);
});

/** Files there that this process has open. */
function openFilesBelow(directory: string): readonly string[] {
  return readdirSync('/proc/self/fd')
    .map((fd) => readlinkIfThere(join('/proc/self/fd', fd)))
    .filter((path) => path.startsWith(`${directory}/`));
}

function readlinkIfThere(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return ''; // the descriptor of the list itself
  }
}

test('pull: two at the same moment fetch each blob once', async (t) => {
  if (!ready(t)) return;
  const { engine, reopen, root } = await testEngine(t);
  const other = await reopen();
  const image = imageOf({ layers: [busyboxLayer(), layerOf([{ path: 'x', content: 'x' }])] });
  const [one, two] = [sourceOf(image), sourceOf(image)];
  await Promise.all([engine.images.pull(one, { name: 'one' }), other.images.pull(two, { name: 'two' })]);
  t.is(one.requests.length + two.requests.length, 3);
  t.deepEqual(openFilesBelow(join(root, 'blobs')), []);
  t.deepEqual(engine.images.get('one').names, ['localhost/one:latest', 'localhost/two:latest']);
});

test('pull: a layer that an image has twice, and blobs that come in any order, do not wait for each other', async (t) => {
  if (!ready(t)) return;
  const { engine } = await testEngine(t);
  const same = layerOf([{ path: 'same', content: 'x' }]);
  const image = imageOf({ layers: [same, layerOf([{ path: 'b', content: 'x' }]), same, same] });
  await engine.images.pull(sourceOf(image), { name: 'twice' });
  t.is(engine.images.history('twice').length, 4);
});

/** Sends a part of the blob and breaks off. */
function brokenAfter(bytes: Buffer, error: Error): Readable {
  return Readable.from(
    (function* () {
      yield bytes;
      throw error;
    })(),
    { objectMode: false },
  );
}

test('pull: one that breaks off is gone on with where it was', async (t) => {
  if (!ready(t)) return;
  const tested = await testEngine(t);
  const layer = busyboxLayer();
  const image = imageOf({ layers: [layer] });
  const half = layer.blob.length >> 1;
  const first = sourceOf(image, {
    onBlob: (digest) =>
      digest === layer.descriptor.digest ? brokenAfter(layer.blob.subarray(0, half), new Error('gone')) : undefined,
  });
  await t.throwsAsync(tested.engine.images.pull(first, { name: 'test' }), { message: 'gone' });
  t.deepEqual(tested.engine.images.list(), []);
  t.deepEqual(layersIn(tested), []);
  // Neither another command nor another process takes away what is there.
  const other = await tested.reopen();
  const second = sourceOf(image);
  await other.images.pull(second, { name: 'test' });
  t.deepEqual(second.requests, [{ digest: layer.descriptor.digest, offset: half }]);
  t.is((await other.run(tested.options({ image: 'test', command: ['echo', 'ok'] }))).stdout, 'ok\n');
});

test('pull: a connection that breaks is opened again', async (t) => {
  if (!ready(t)) return;
  const { engine } = await testEngine(t);
  const layer = busyboxLayer();
  const image = imageOf({ layers: [layer] });
  const reset = Object.assign(new Error('reset'), { code: 'ECONNRESET' });
  const source = sourceOf(image, {
    onBlob: (digest, offset) =>
      digest === layer.descriptor.digest && offset < 200_000
        ? brokenAfter(layer.blob.subarray(offset, offset + 100_000), reset)
        : undefined,
  });
  await engine.images.pull(source, { name: 'test' });
  t.deepEqual(
    source.requests.slice(1).map(({ offset }) => offset),
    [0, 100_000, 200_000],
  );
});

test('pull: aborted, it leaves nothing that a check finds', async (t) => {
  if (!ready(t)) return;
  const { engine } = await testEngine(t);
  const stop = new AbortController();
  const layer = busyboxLayer();
  const source = sourceOf(imageOf({ layers: [layer] }), {
    onBlob: (digest) => {
      if (digest === layer.descriptor.digest) queueMicrotask(() => stop.abort());
      return undefined;
    },
  });
  await rejectsWith(t, engine.images.pull(source, { name: 'test', signal: stop.signal }), 'ABORTED');
  await engine.images.check({ repair: true });
  t.deepEqual(await engine.images.check(), { problems: [], repaired: true });
});

test('create: an abort ends the pull of its image, and nothing is recorded', async (t) => {
  if (!ready(t)) return;
  const { engine, options } = await testEngine(t);
  const abort = new AbortController();
  const reason = new Error('enough');
  // It never answers.
  const { host } = await startServer(t, () => {
    abort.abort(reason);
  });
  const registry = { tlsVerify: false };
  const created = engine.containers.create(options({ image: `${host}/app` }), { registry, signal: abort.signal });
  await rejectsWith(t, created, 'ABORTED');
  t.is(await created.catch((error: unknown) => (error as Error).cause), reason);
  await rejectsWith(t, engine.containers.create(options(), { signal: abort.signal }), 'ABORTED');
  t.deepEqual(engine.containers.list({ all: true }), []);
});

test('create and run: their pull is told of, and has the login that it is given', async (t) => {
  if (!ready(t) || !requires(t, 'docker-registry')) return;
  const { engine, options, image } = await withImage(t, { Cmd: ['true'] });
  const { host } = await startRegistry(t, { auth: true });
  const registry = { tlsVerify: false, credentials: `${USER}:${PASSWORD}` };
  await engine.images.push('test:1', `${host}/app:1`, { registry });
  await engine.images.remove('test:1');
  const wanted = options({ image: `${host}/app:1` });
  await rejectsWith(t, engine.containers.create(wanted, { registry: { tlsVerify: false } }), 'UNAUTHORIZED');
  const told: TransferProgress[] = [];
  const onProgress = (progress: TransferProgress) => told.push(progress);
  t.is((await engine.run(wanted, { registry, onProgress })).exitCode, 0);
  const container = await engine.containers.create(wanted, { registry, onProgress });
  t.is(container.inspect().Image, image.id);
  t.true(told.some((progress) => progress.kind === 'blob' && progress.state === 'done'));
  const pod = await engine.pods.create(
    { infraImage: `${host}/app:1`, infraCommand: ['true'], cgroupParent: options().cgroupParent ?? '' },
    { registry },
  );
  await pod.remove({ force: true });
});

test('pull: bytes that are not those of the digest are refused, and not kept', async (t) => {
  if (!ready(t)) return;
  const tested = await testEngine(t);
  const layer = busyboxLayer();
  const image = imageOf({ layers: [layer] });
  const other = Buffer.from(layer.blob);
  other[other.length - 20] = (other[other.length - 20] ?? 0) ^ 1;
  const source = sourceOf(image, {
    onBlob: (digest) =>
      digest === layer.descriptor.digest ? Readable.from([other], { objectMode: false }) : undefined,
  });
  const message = await rejectsWith(t, tested.engine.images.pull(source, { name: 'test' }), 'BAD_IMAGE');
  t.regex(message, /is corrupt: its digest is sha256:/);
  t.deepEqual(layersIn(tested), []);
  await tested.engine.images.pull(sourceOf(image), { name: 'test' });
});

test('pull: more bytes than the manifest says are refused, and fewer', async (t) => {
  if (!ready(t)) return;
  const { engine } = await testEngine(t);
  const layer = layerOf([{ path: 'f', content: 'x' }], 'none');
  const image = imageOf({ layers: [layer] });
  const sends = (bytes: Buffer) =>
    sourceOf(image, {
      onBlob: (digest) =>
        digest === layer.descriptor.digest ? Readable.from([bytes], { objectMode: false }) : undefined,
    });
  for (const bytes of [Buffer.concat([layer.blob, Buffer.alloc(512)]), Buffer.alloc(0)]) {
    const message = await rejectsWith(t, engine.images.pull(sends(bytes)), 'BAD_IMAGE');
    t.regex(message, /does not have the \d+ bytes that its manifest says/);
  }
});

test('pull: a layer that is not the one of the config is refused', async (t) => {
  if (!ready(t)) return;
  const tested = await testEngine(t);
  const image = imageOf({ layers: [layerOf([{ path: 'f', content: 'x' }])], diffs: [`sha256:${'0'.repeat(64)}`] });
  const message = await rejectsWith(t, tested.engine.images.pull(sourceOf(image)), 'BAD_IMAGE');
  t.regex(message, /does not match the image's config/);
  t.deepEqual(layersIn(tested), []);
  const fewer = imageOf({ layers: [layerOf([{ path: 'f', content: 'x' }])], diffs: [] });
  await rejectsWith(t, tested.engine.images.pull(sourceOf(fewer)), 'BAD_IMAGE');
});

test('pull: a manifest that is asked for by a digest of sha512 is kept under it', async (t) => {
  if (!ready(t)) return;
  const { engine, root } = await testEngine(t);
  const image = imageOf({ layers: [busyboxLayer()] });
  const digest = digestOf(image.manifest.bytes, 'sha512');
  const source = (named: string) => sourceOf({ ...image, manifest: { ...image.manifest, digest: named } });
  await rejectsWith(t, engine.images.pull(source(`sha512:${'0'.repeat(128)}`)), 'BAD_IMAGE');
  const pulled = await engine.images.pull(source(digest), { name: 'test:1' });
  t.is(pulled.digest, digest);
  t.deepEqual(readdirSync(join(root, 'blobs/sha512')), [digest.slice('sha512:'.length)]);
  await engine.images.save('test:1', join(temporaryDirectory(t), 'saved'));
  t.deepEqual(await engine.images.check({ repair: true }), { problems: [], repaired: true });
  await engine.images.remove('test:1');
  t.deepEqual(readdirSync(join(root, 'blobs/sha512')), []);
});

test('pull: configs and layers that are named by digests of sha512 are refused', async (t) => {
  if (!ready(t)) return;
  const tested = await testEngine(t);
  const layer = layerOf([{ path: 'f', content: 'x' }]);
  const image = imageOf({ layers: [layer], diffs: [digestOf(layer.tar, 'sha512')] });
  await rejectsWith(t, tested.engine.images.pull(sourceOf(image)), 'NOT_SUPPORTED');
  const [config = Buffer.alloc(0)] = image.blobs.values();
  const other = digestOf(config, 'sha512');
  const bytes = Buffer.from(image.manifest.bytes.toString().replace(digestOf(config), other));
  const named = { manifest: { ...image.manifest, bytes, digest: digestOf(bytes) }, blobs: new Map([[other, config]]) };
  await rejectsWith(t, tested.engine.images.pull(sourceOf({ ...image, ...named })), 'NOT_SUPPORTED');
  t.false(existsSync(join(tested.root, 'layers')));
});

test('pull: what is no gzip although it begins so is refused', async (t) => {
  if (!ready(t)) return;
  const { engine } = await testEngine(t);
  const bad = layerOfTar(Buffer.concat([Buffer.from([0x1f, 0x8b, 8, 0]), Buffer.alloc(2000, 7)]), 'none');
  await rejectsWith(t, engine.images.pull(sourceOf(imageOf({ layers: [bad] }))), 'BAD_IMAGE');
  const cut = layerOf([{ path: 'f', content: Buffer.alloc(100_000, 5) }]);
  const short = { ...cut, blob: cut.blob.subarray(0, -30) };
  const { digest } = layerOfTar(short.blob, 'none').descriptor;
  const image = imageOf({ layers: [{ ...short, descriptor: { ...cut.descriptor, digest, size: short.blob.length } }] });
  await rejectsWith(t, engine.images.pull(sourceOf(image)), 'BAD_IMAGE');
});

test('pull: an image of another platform is refused where one is asked for', async (t) => {
  if (!ready(t)) return;
  const { engine } = await testEngine(t);
  const image = imageOf({ more: { architecture: 's390x' } });
  await rejectsWith(t, engine.images.pull(sourceOf(image), { platform: 'linux/riscv64' }), 'NO_SUCH_IMAGE');
  t.is((await engine.images.pull(sourceOf(image), { platform: 'linux/s390x' })).architecture, 's390x');
});

test('pull: progress tells of each blob, in order', async (t) => {
  if (!ready(t)) return;
  const { engine } = await testEngine(t);
  const layer = busyboxLayer();
  const told: TransferProgress[] = [];
  await engine.images.pull(sourceOf(imageOf({ layers: [layer] })), { onProgress: (event) => told.push(event) });
  const states = told.flatMap((event) =>
    event.kind === 'blob' && event.digest === layer.descriptor.digest ? [event.state] : [],
  );
  t.deepEqual([...new Set(states)], ['transferring', 'unpacking', 'done']);
  t.deepEqual(
    told.flatMap((event) => (event.kind === 'image' ? [event.state] : [])),
    ['manifest', 'stored'],
  );
});

test('check: says what is missing and what is too much, and repairs it', async (t) => {
  if (!ready(t)) return;
  const tested = await withImage(t);
  const { engine, root, image } = tested;
  t.deepEqual(await engine.images.check(), { problems: [], repaired: true });
  mkdirSync(join(root, 'layers', `${'a'.repeat(64)}.new`));
  writeFileSync(join(root, 'blobs/sha256', 'b'.repeat(64)), 'stray');
  const found = await engine.images.check();
  t.is(found.problems.length, 2);
  t.false(found.repaired);
  t.true((await engine.images.check({ repair: true })).repaired);
  t.deepEqual(await engine.images.check(), { problems: [], repaired: true });
  t.is(engine.images.get('test:1').id, image.id);
});

test('inspect: a container says which image it is made of', async (t) => {
  if (!ready(t)) return;
  const { engine, options, image } = await withImage(t);
  const container = await engine.containers.create(options({ image: 'test:1', command: ['true'] }));
  const { Image, ImageName, GraphDriver } = container.inspect();
  t.is(Image, image.id);
  t.is(ImageName, 'localhost/test:1');
  t.regex(GraphDriver.Data.LowerDir ?? '', /layers\/[0-9a-f]{64}\/diff$/);
  t.is(tarOf([]).length, 1024);
});
