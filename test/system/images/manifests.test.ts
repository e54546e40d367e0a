/** Lists of images for several platforms: put together, pushed to a real registry, and read there by others. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';

import type { Engine, TransferProgress } from '../../../src/index.js';
import type { ImageIndex } from '../../../src/oci/image.js';
import { run } from '../../helpers/cli.js';
import { rejectsWith, testEngine } from '../../helpers/engine.js';
import { busyboxLayer, imageOf, layerOf, sourceOf, type TestImage } from '../../helpers/layers.js';
import { startRegistry } from '../../helpers/registry.js';
import { podmanOf } from '../../helpers/podman.js';
import { requires } from '../../helpers/requires.js';
import { skopeo } from '../../helpers/skopeo.js';
import { temporaryDirectory } from '../../helpers/temp.js';

const ready = (t: ExecutionContext<unknown>) => requires(t, 'root', 'busybox', 'overlay', 'docker-registry', 'skopeo');

const registry = { tlsVerify: false };

function imageFor(architecture: string): TestImage {
  return imageOf({
    layers: [busyboxLayer(), layerOf([{ path: 'for', content: architecture }])],
    config: { Cmd: ['cat', '/for'] },
    more: { architecture },
  });
}

async function withImages(t: ExecutionContext<unknown>) {
  const tested = await testEngine(t);
  const { host } = await startRegistry(t);
  const images = { amd64: imageFor('amd64'), arm64: imageFor('arm64') };
  for (const [name, image] of Object.entries(images))
    await tested.engine.images.pull(sourceOf(image), { name: `app:${name}` });
  return { ...tested, host, images };
}

function raw(t: ExecutionContext<unknown>, name: string): ImageIndex {
  return JSON.parse(skopeo(t, 'inspect', '--raw', '--tls-verify=false', `docker://${name}`)) as ImageIndex;
}

const platforms = ({ manifests }: ImageIndex) => manifests.map(({ platform }) => platform?.architecture);

test('manifests: a list of images of the store is pushed with them; skopeo reads it, and each machine gets its own', async (t) => {
  if (!ready(t)) return;
  const { engine, host, images } = await withImages(t);
  const made = await engine.manifests.create('list:1', { images: ['app:amd64'] });
  t.deepEqual(made.names, ['localhost/list:1']);
  await engine.manifests.add('list:1', 'app:arm64', { variant: 'v8', annotations: { a: 'b' } });
  t.deepEqual(platforms(engine.manifests.get(made.id).index), ['amd64', 'arm64']);
  const { digest } = await engine.manifests.push('list:1', `${host}/multi:1`, { registry });
  const pushed = raw(t, `${host}/multi:1`);
  t.deepEqual(pushed, engine.manifests.get('list:1').index);
  t.is(pushed.mediaType, 'application/vnd.oci.image.index.v1+json');
  t.deepEqual(pushed.manifests[1], {
    mediaType: images.arm64.manifest.mediaType,
    digest: images.arm64.manifest.digest,
    size: images.arm64.manifest.bytes.length,
    platform: { os: 'linux', architecture: 'arm64', variant: 'v8' },
    annotations: { a: 'b' },
  });
  const asked = ['inspect', '--tls-verify=false', '--format', '{{.Digest}}', `docker://${host}/multi:1`];
  t.is(skopeo(t, ...asked).trim(), digest);
  for (const [architecture, image] of Object.entries(images)) {
    const config = skopeo(
      t,
      '--override-arch',
      architecture,
      'inspect',
      '--config',
      '--tls-verify=false',
      `docker://${host}/multi:1`,
    );
    t.is((JSON.parse(config) as { architecture: string }).architecture, architecture);
    await engine.images.remove(`app:${architecture}`);
    const pulled = await engine.images.pull(`${host}/multi:1`, { registry, platform: `linux/${architecture}` });
    t.is(pulled.id, image.id);
    await engine.images.remove(pulled.id, { force: true });
  }
  await rejectsWith(t, engine.manifests.push('list:1', `${host}/other:1`, { registry }), 'NO_SUCH_IMAGE');
});

test('manifests: images of a registry are copied from there, of an index one or all', async (t) => {
  if (!ready(t)) return;
  const { engine, host, images } = await withImages(t);
  await engine.manifests.create('first', { images: ['app:amd64', 'app:arm64'] });
  await engine.manifests.push('first', `${host}/source:1`, { registry });
  await engine.images.push('app:amd64', `${host}/single:1`, { registry });
  for (const { id } of engine.images.list()) await engine.images.remove(id, { force: true });
  await engine.manifests.create('all', { images: [`${host}/source:1`], all: true, registry });
  t.deepEqual(platforms(engine.manifests.get('all').index), ['amd64', 'arm64']);
  await engine.manifests.create('one', { images: [`docker://${host}/source:1`], architecture: 'arm64', registry });
  t.deepEqual(platforms(engine.manifests.get('one').index), ['arm64']);
  await engine.manifests.create('single', { images: [`${host}/single:1`], registry });
  t.deepEqual(platforms(engine.manifests.get('single').index), ['amd64']);
  const states: string[] = [];
  const onProgress = (event: TransferProgress) => states.push(event.state);
  await engine.manifests.push('all', `${host}/copy/all:1`, { registry, onProgress });
  t.deepEqual(platforms(raw(t, `${host}/copy/all:1`)), ['amd64', 'arm64']);
  t.false(states.includes('transferring'), 'the registry has all blobs');
  const directory = join(temporaryDirectory(t), 'layout');
  await engine.manifests.push('all', `oci:${directory}:x`, { registry });
  skopeo(t, 'copy', '--all', `oci:${directory}:x`, `dir:${directory}-copy`);
  await engine.manifests.push('one', `${host}/copy/one:1`, { registry, all: false }).then(
    () => t.fail('the registry has none of its images there'),
    () => t.pass(),
  );
  const pulled = await engine.images.pull(`${host}/copy/all:1`, { registry, platform: 'linux/arm64' });
  t.is(pulled.id, images.arm64.id);
});

test('manifests: entries are changed, replaced and taken out; names are taken once', async (t) => {
  if (!ready(t)) return;
  const { engine, images } = await withImages(t);
  const { digest } = images.amd64.manifest;
  await engine.manifests.create('list', { images: ['app:amd64'] });
  await rejectsWith(t, engine.manifests.create('list'), 'NAME_IN_USE');
  await rejectsWith(t, engine.manifests.create('app:amd64'), 'NAME_IN_USE');
  await engine.manifests.create('list', { images: ['app:arm64'], amend: true });
  engine.manifests.annotate('list', digest, { osVersion: '10', osFeatures: ['x'], annotations: { a: '1' } });
  const { index } = engine.manifests.annotate('list', 'app:amd64', {
    architecture: 'riscv64',
    annotations: { b: '2' },
  });
  t.like(index.manifests[0], {
    platform: { os: 'linux', architecture: 'riscv64', 'os.version': '10', 'os.features': ['x'] },
    annotations: { a: '1', b: '2' },
  });
  await engine.manifests.add('list', 'app:amd64');
  t.deepEqual(platforms(engine.manifests.get('list').index), ['amd64', 'arm64'], 'added again it is as it was');
  t.is(engine.manifests.removeEntry('list', digest).index.manifests.length, 1);
  t.throws(() => engine.manifests.removeEntry('list', digest), { code: 'INVALID_ARGUMENT' });
  t.throws(() => engine.manifests.get('app:amd64'), { code: 'NO_SUCH_IMAGE', message: /is not a manifest list/ });
  t.deepEqual(
    engine.manifests.list().map((list) => list.names),
    [['localhost/list:latest']],
  );
  t.deepEqual(names(engine), ['localhost/app:amd64', 'localhost/app:arm64'], 'a list is no image');
  engine.manifests.remove('list');
  t.false(engine.manifests.exists('list'));
});

function names(engine: Engine): readonly string[] {
  return engine.images.list().flatMap((image) => image.names);
}

test('manifest: the command line, and Podman pulls what it pushed', async (t) => {
  if (!ready(t) || !requires(t, 'podman', 'runc')) return;
  const { engine, host } = await withImages(t);
  await engine.images.push('app:amd64', `${host}/app:1`, { registry });
  const plain = '--tls-verify=false';
  const out = async (...args: string[]) => (await run(t, 0, 'manifest', ...args)).stdout;
  const id = await out('create', 'multi:1');
  t.regex(id, /^[0-9a-f]{64}\n$/);
  t.regex((await run(t, 125, 'manifest', 'create', 'multi:1')).stderr, /that name is already in use/);
  t.is(await out('create', '--amend', 'multi:1'), id);
  t.is(await out('add', plain, '--annotation', 'a=b', 'multi:1', `docker://${host}/app:1`), id);
  const index = JSON.parse(await out('inspect', 'multi:1')) as ImageIndex;
  const digest = index.manifests[0]?.digest ?? '';
  t.deepEqual([index.manifests.length, index.manifests[0]?.annotations], [1, { a: 'b' }]);
  t.is(await out('annotate', '--os-features', 'x,y', 'multi:1', digest), id);
  t.deepEqual((JSON.parse(await out('inspect', 'multi:1')) as ImageIndex).manifests[0]?.platform?.['os.features'], [
    'x',
    'y',
  ]);
  t.is(await out('exists', 'multi:1'), '');
  await run(t, 1, 'manifest', 'exists', 'nope');
  const file = join(temporaryDirectory(t), 'digest');
  const pushed = await run(
    t,
    0,
    'manifest',
    'push',
    plain,
    '--digestfile',
    file,
    '-f',
    'v2s2',
    'multi:1',
    `docker://${host}/multi:1`,
  );
  t.is(pushed.stdout, '');
  t.is(raw(t, `${host}/multi:1`).mediaType, 'application/vnd.docker.distribution.manifest.list.v2+json');
  const there = JSON.parse(await out('inspect', plain, `${host}/multi:1`)) as ImageIndex;
  t.is(there.manifests[0]?.digest, digest);
  t.regex(readFileSync(file, 'utf8'), /^sha256:[0-9a-f]{64}$/);
  podmanOf(t)('pull', '-q', plain, `${host}/multi:1`);
  t.is(await out('remove', 'multi:1', digest), id);
  t.regex((await run(t, 125, 'manifest', 'remove', 'multi:1', digest)).stderr, /no instance matching digest/);
  t.regex((await run(t, 125, 'manifest', 'add', 'nope', 'x')).stderr, /nope: image not known/);
  t.is(await out('push', plain, '-q', '--rm', 'multi:1', `${host}/empty:1`), '');
  await run(t, 1, 'manifest', 'exists', 'multi:1');
  t.regex((await run(t, 1, 'manifest', 'rm', 'multi:1')).stderr, /multi:1: image not known/);
  await out('create', 'again');
  t.regex(await out('rm', 'again'), /^Untagged: localhost\/again:latest\nDeleted: [0-9a-f]{64}\n$/);
});

/** In that of the command line. */
async function imagesInStore(t: ExecutionContext<unknown>) {
  const { engine, host, images } = await withImages(t);
  for (const architecture of Object.keys(images)) {
    const name = `${host}/app:${architecture}`;
    await engine.images.push(`app:${architecture}`, name, { registry });
    await run(t, 0, 'pull', '-q', '--tls-verify=false', '--arch', architecture, name);
    await run(t, 0, 'tag', name, `app:${architecture}`);
    await run(t, 0, 'untag', name, name);
  }
  return images;
}

test('manifest lists are listed with the images, tagged, untagged and removed like them', async (t) => {
  if (!ready(t)) return;
  await imagesInStore(t);
  const out = async (...args: string[]) => (await run(t, 0, ...args)).stdout;
  const id = (await out('manifest', 'create', 'multi:1', 'app:amd64', 'app:arm64')).trim();
  const row = (tag: string) => new RegExp(`^localhost/multi +${tag} +${id.slice(0, 12)} +.* ago +\\d+ B$`, 'm');
  t.regex(await out('images'), row('1'));
  t.like(JSON.parse(await out('images', '--format', 'json', 'multi')), [{ Id: id, Names: ['localhost/multi:1'] }]);
  await out('tag', 'multi:1', 'multi:2', 'multi:3');
  await out('manifest', 'add', 'multi:3', 'app:arm64');
  const listed = await out('images');
  for (const tag of ['1', '2', '3']) t.regex(listed, row(tag));
  t.regex((await run(t, 125, 'rmi', id.slice(0, 12))).stderr, /with more than one tag .*please force removal/);
  t.is(await out('rmi', 'multi:2'), 'Untagged: localhost/multi:2\n');
  await out('untag', 'multi:3');
  t.notRegex(await out('images'), /multi/);
  t.is(await out('images', '--filter', 'dangling=true', '-q'), `${id.slice(0, 12)}\n`);
  t.is(await out('image', 'prune', '-f'), `${id}\n`);
  t.is(await out('images', '-q', '--filter', 'dangling=true'), '');

  // An image takes a name from a list, and a list from an image.
  const other = (await out('manifest', 'create', 'multi:4')).trim();
  await out('tag', 'app:arm64', 'multi:4');
  await run(t, 1, 'manifest', 'exists', 'multi:4');
  await out('tag', other.slice(0, 12), 'multi:4');
  await out('manifest', 'exists', 'multi:4');
  t.deepEqual(await out('images', '--no-trunc', '-q', 'multi:4'), `sha256:${other}\n`);
  t.regex(await out('rmi', '--all'), new RegExp(`^Untagged: localhost/multi:4\nDeleted: ${other}$`, 'm'));
  t.is(await out('images', '-qa'), '');
});

test('a manifest list stands for its image for this machine', async (t) => {
  if (!ready(t)) return;
  const images = await imagesInStore(t);
  const machine = process.arch === 'arm64' ? 'arm64' : 'amd64';
  const out = async (...args: string[]) => (await run(t, 0, ...args)).stdout;
  await out('manifest', 'create', 'multi:1');
  await run(t, 1, 'image', 'exists', 'multi:1');
  t.regex((await run(t, 125, 'image', 'inspect', 'multi:1')).stderr, /multi:1/);
  await out('manifest', 'add', 'multi:1', 'app:amd64');
  await out('manifest', 'add', 'multi:1', 'app:arm64');
  await out('image', 'exists', 'multi:1');
  t.is(await out('inspect', '--format', '{{.Id}}', 'multi:1'), `${images[machine].id}\n`);
  t.is(await out('run', '--rm', 'multi:1'), machine);
});

test('a manifest list and an image whose name is the beginning of an id are found by the name', async (t) => {
  if (!requires(t, 'root')) return;
  const { engine } = await testEngine(t);
  const image = imageFor(process.arch === 'arm64' ? 'arm64' : 'amd64');
  await engine.images.pull(sourceOf(image), { name: 'app:1' });
  const other = await engine.manifests.create('other:1');
  const beginning = other.id.slice(0, 12);
  const named = await engine.manifests.create(beginning, { images: ['app:1'] });
  t.is(engine.manifests.get(beginning).id, named.id);
  t.is(engine.images.get(beginning).id, image.id);
  engine.images.tag(beginning, 'named:2');
  t.deepEqual(await engine.images.remove(beginning), {
    untagged: [`localhost/${beginning}:latest`],
    deleted: undefined,
  });
  t.deepEqual(engine.manifests.get('named:2').id, named.id);
  engine.images.tag('named:2', image.id.slice(0, 12));
  t.is((await engine.images.remove(image.id.slice(0, 12))).deleted, undefined);
  engine.images.tag('named:2', beginning);
  t.is(engine.manifests.remove(beginning).id, named.id);
  t.deepEqual(
    engine.manifests.list().map(({ id }) => id),
    [other.id],
  );
  t.is((await engine.images.remove(beginning)).deleted, other.id);
  t.true(engine.images.exists('app:1'));
});
