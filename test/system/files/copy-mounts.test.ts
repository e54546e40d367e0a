/** `copyIn` and `copyOut` of containers that do not run: their volumes, bind mounts and images are seen, and nothing else of the machine. */
import { execFileSync } from 'node:child_process';
import {
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import test, { type ExecutionContext } from 'ava';

import type { Container, CreateOptions } from '../../../src/index.js';
import { setPropagation } from '../../../src/native/index.js';
import { busyboxRoot } from '../../helpers/busybox.js';
import { output, run } from '../../helpers/cli.js';
import { rejectsWith, testEngine, type TestEngine } from '../../helpers/engine.js';
import { busyboxLayer, imageOf, layerOf, sourceOf, tarOf } from '../../helpers/layers.js';
import { requires } from '../../helpers/requires.js';
import { temporaryDirectory } from '../../helpers/temp.js';

const ready = (t: ExecutionContext<unknown>) => requires(t, 'root', 'busybox', 'overlay');

interface Tested extends TestEngine {
  readonly container: Container;
  /** A path in the directory of volume `v`. */
  readonly inVolume: (path: string) => string;
}

/** A container whose root has `seed` and `sub` in /data. */
async function containerOf(t: ExecutionContext<unknown>, more: CreateOptions): Promise<Tested> {
  const env = await testEngine(t);
  const rootfs = busyboxRoot(t);
  mkdirSync(join(rootfs, 'data/sub'), { recursive: true });
  writeFileSync(join(rootfs, 'data/seed'), 'seed');
  const command = ['sleep', '1000'];
  const container = await env.engine.containers.create(env.options({ rootfs, rootfsOverlay: true, command, ...more }));
  return { ...env, container, inVolume: (path) => join(env.root, 'volumes/v/_data', path) };
}

async function put(container: Container, directory: string, ...names: readonly string[]): Promise<void> {
  await container.copyIn(directory, only(tarOf(names.map((path) => ({ path, content: `${path} in ${directory}` })))));
}

async function* only(archive: Buffer): AsyncGenerator<Buffer> {
  yield await Promise.resolve(archive);
}

async function contentOf(container: Container, path: string): Promise<string> {
  const input = await buffer(await container.copyOut(path));
  return execFileSync('tar', ['-x', '-O'], { input, encoding: 'utf8' });
}

async function namesOf(container: Container): Promise<readonly string[]> {
  const input = await buffer(await container.export());
  return execFileSync('tar', ['-t'], { input, encoding: 'utf8' }).split('\n');
}

test('copy: a volume and bind mounts of a container that was not started yet are seen', async (t) => {
  if (!ready(t)) return;
  const [bound, nested, kept] = [1, 2, 3].map(() => temporaryDirectory(t, 'tspod-bound-')) as [string, string, string];
  writeFileSync(join(kept, 'file'), 'kept');
  const { container, inVolume } = await containerOf(t, {
    mounts: [
      { type: 'bind', source: nested, target: '/data/sub/deep' },
      { type: 'volume', source: 'v', target: '/data' },
      { type: 'bind', source: bound, target: '/not/in/the/root' },
      { type: 'bind', source: kept, target: '/kept', options: ['ro'] },
      { type: 'bind', source: join(kept, 'file'), target: '/etc/one' },
    ],
  });
  t.is(await contentOf(container, '/data/seed'), 'seed', 'the volume was filled');
  await put(container, '/data', 'new');
  await put(container, '/data/sub/deep', 'deep');
  await put(container, '/not/in/the/root', 'there');
  await put(container, '/etc', 'one');
  t.is(readFileSync(inVolume('new'), 'utf8'), 'new in /data');
  t.is(readFileSync(inVolume('seed'), 'utf8'), 'seed');
  t.is(readFileSync(join(nested, 'deep'), 'utf8'), 'deep in /data/sub/deep');
  t.is(readFileSync(join(bound, 'there'), 'utf8'), 'there in /not/in/the/root');
  t.is(readFileSync(join(kept, 'file'), 'utf8'), 'one in /etc', 'a file that is mounted gets new content');
  await rejectsWith(t, container.copyIn('/etc', only(tarOf([{ path: 'one', type: 'fifo' }]))), 'INVALID_ARGUMENT');
  const refused = await t.throwsAsync(put(container, '/kept', 'x'));
  t.regex(refused.message, /read-only file system/i);
  t.deepEqual(readdirSync(kept), ['file']);
  t.is((await container.stat('/kept/file')).type, 'file');
  await container.start();
  t.is((await container.exec({ command: ['cat', '/data/new'] })).stdout, 'new in /data');
  await container.kill();
  await container.wait();
  t.is(await contentOf(container, '/data/sub/deep/deep'), 'deep in /data/sub/deep', 'and of one that has ended');
});

test('copy: mounts of a container that does not run are in no export and no diff, also at the same time', async (t) => {
  if (!ready(t)) return;
  const { container } = await containerOf(t, { mounts: [{ type: 'volume', source: 'v', target: '/vol' }] });
  await put(container, '/vol', 'new');
  const stream = await container.copyOut('/vol/new');
  const names = await namesOf(container);
  t.true(names.includes('data/seed') || names.includes('./data/seed'));
  t.false(names.some((name) => name.endsWith('vol/new')));
  t.is(execFileSync('tar', ['-x', '-O'], { input: await buffer(stream), encoding: 'utf8' }), 'new in /vol');
  const exported = await container.export();
  t.is(await contentOf(container, '/vol/new'), 'new in /vol');
  t.false(execFileSync('tar', ['-t'], { input: await buffer(exported), encoding: 'utf8' }).includes('vol/new'));
  t.deepEqual(await container.diff(), []);
  const point = await container.mount();
  // as everything is mounted on a machine with systemd
  await setPropagation(point, 'shared');
  t.is(await contentOf(container, '/vol/new'), 'new in /vol', 'where the root is mounted already');
  t.deepEqual(readdirSync(join(point, 'vol')), []);
  await container.unmount();
});

test('copy: links lead out of no mount of a container that does not run', async (t) => {
  if (!ready(t)) return;
  const [bound, outside] = [temporaryDirectory(t, 'tspod-bound-'), temporaryDirectory(t, 'tspod-outside-')];
  writeFileSync(join(outside, 'secret'), 'secret');
  symlinkSync(outside, join(bound, 'out'));
  symlinkSync('../../../../../../../..', join(bound, 'up'));
  symlinkSync('/data', join(bound, 'in'));
  const { container } = await containerOf(t, { mounts: [{ type: 'bind', source: bound, target: '/bound' }] });
  await rejectsWith(t, container.copyOut('/bound/out/secret'), 'NO_SUCH_FILE');
  await rejectsWith(t, put(container, '/bound/out', 'x'), 'NO_SUCH_FILE');
  await rejectsWith(t, container.copyOut(`/bound/up${outside}/secret`), 'NO_SUCH_FILE');
  t.deepEqual(readdirSync(outside), ['secret']);
  t.is(await contentOf(container, '/bound/in/seed'), 'seed', 'within the container they are followed');
});

test('copy: a mount whose source is gone keeps nobody from the other files, and takes none', async (t) => {
  if (!ready(t)) return;
  const bound = temporaryDirectory(t, 'tspod-bound-');
  const source = join(bound, 'gone');
  mkdirSync(source);
  const { container } = await containerOf(t, { mounts: [{ type: 'bind', source, target: '/bound' }] });
  rmSync(source, { recursive: true });
  t.is(await contentOf(container, '/data/seed'), 'seed');
  await t.throwsAsync(put(container, '/bound', 'x'), { message: /read-only file system/i });
  t.deepEqual(readdirSync(bound), []);
});

test('copy: what is copied to the place of a tmpfs is there when the container starts', async (t) => {
  if (!ready(t)) return;
  const { container } = await containerOf(t, { mounts: [{ type: 'tmpfs', target: '/data' }] });
  await put(container, '/data', 'new');
  await container.start();
  t.is((await container.exec({ command: ['cat', '/data/new'] })).stdout, 'new in /data');
});

test('copy: images and shifted mounts of a container with a user namespace that does not run', async (t) => {
  if (!ready(t) || !requires(t, 'userns')) return;
  const env = await testEngine(t);
  const { engine } = env;
  await engine.images.pull(sourceOf(imageOf({ layers: [busyboxLayer()] })), { name: 'test:1' });
  const data = imageOf({ layers: [layerOf([{ path: 'f', content: 'from the image', uid: 5, gid: 6 }])] });
  await engine.images.pull(sourceOf(data), { name: 'data:1' });
  const maps = [{ containerId: 0, hostId: 100_000, size: 65_536 }];
  const bound = temporaryDirectory(t, 'tspod-bound-');
  writeFileSync(join(bound, 'own'), '');
  chownSync(join(bound, 'own'), 7, 8);
  const container = await engine.containers.create(
    env.options({
      image: 'test:1',
      userns: 'private',
      uidMaps: maps,
      gidMaps: maps,
      command: ['sleep', '1000'],
      mounts: [
        { type: 'image', source: 'data:1', target: '/ro' },
        { type: 'image', source: 'data:1', target: '/rw', options: ['rw'] },
        { type: 'volume', source: 'v', target: '/vol' },
        { type: 'bind', source: bound, target: '/shifted', options: ['idmap'] },
      ],
    }),
  );
  t.is(await contentOf(container, '/ro/f'), 'from the image');
  t.like(await container.stat('/ro/f'), { uid: 5, gid: 6 });
  await t.throwsAsync(put(container, '/ro', 'x'), { message: /read-only file system/i });
  for (const directory of ['/rw', '/vol']) await put(container, directory, 'new');
  t.like(await container.stat('/shifted/own'), { uid: 7, gid: 8 });
  t.is(statSync(join(env.root, 'volumes/v/_data/new')).uid, 100_000);
  await container.start();
  const { stdout } = await container.exec({
    command: ['sh', '-c', 'cat /rw/new; stat -c " %u" /rw/new /vol/new'],
  });
  t.is(stdout, 'new in /rw 0\n 0\n');
});

test('cp: a volume is filled and saved through a container that does not run', async (t) => {
  if (!ready(t)) return;
  const rootfs = busyboxRoot(t);
  const host = temporaryDirectory(t, 'tspod-cp-');
  writeFileSync(join(host, 'file'), 'file\n');
  await run(t, 0, 'create', '--name', 'c', '-v', 'vol:/new/data', '--rootfs', `${rootfs}:O`, 'cat', '/new/data/seed');
  await run(t, 0, 'cp', join(host, 'file'), 'c:/new/data/seed');
  t.is(await output(t, 'start', '-a', 'c'), 'file\n');
  await run(t, 0, 'cp', 'c:/new/data/.', join(host, 'saved'));
  t.is(readFileSync(join(host, 'saved/seed'), 'utf8'), 'file\n');
  await run(t, 0, 'rm', 'c');
  t.true(existsSync(join(host, 'saved/seed')));
});
