/** Images in directories and archives: what we write skopeo reads, what skopeo writes we read, digests equal. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import test from 'ava';

import { listImages, openDestination, openSource, type OpenImageOptions } from '../../../src/image/open.js';
import { NO_REGISTRIES } from '../../../src/image/registries/config.js';
import { digestOf } from '../../../src/oci/digest.js';
import { DOCKER_MANIFEST } from '../../../src/oci/media-types.js';
import { parseManifest } from '../../../src/oci/parse-image.js';
import { makeImage, makeIndex, readImage, tarOf, writeImage, type TestImage } from '../../helpers/images.js';
import { requires } from '../../helpers/requires.js';
import { skopeo } from '../../helpers/skopeo.js';
import { temporaryDirectory } from '../../helpers/temp.js';

function optionsIn(directory: string): OpenImageOptions {
  return { environment: {}, uid: 0, registries: NO_REGISTRIES, temporaryDirectory: directory };
}

async function write(reference: string, image: TestImage, options: OpenImageOptions): Promise<void> {
  await using destination = await openDestination(reference, options);
  await writeImage(destination, image);
}

async function read(reference: string, options: OpenImageOptions): Promise<TestImage> {
  await using source = await openSource(reference, options);
  return await readImage(source);
}

/** Config and unpacked layers, which a docker-archive keeps; manifests it does not. */
function content({ manifest, blobs }: TestImage): readonly string[] {
  const parsed = parseManifest(manifest.bytes, manifest.mediaType);
  if (parsed.kind === 'index') throw new Error('it is an index');
  const [config, ...layers] = blobs;
  const plain = layers.map(({ bytes }) => (bytes[0] === 0x1f ? gunzipSync(bytes) : bytes));
  return [config?.descriptor.digest ?? '', ...plain.map((bytes) => digestOf(bytes))];
}

const PLACES = [
  { kind: 'oci', format: 'oci', path: 'layout:tag' },
  { kind: 'oci-archive', format: 'oci', path: 'layout.tar:tag' },
  { kind: 'dir', format: 'oci', path: 'directory' },
  { kind: 'dir', format: 'docker', path: 'directory' },
] as const;

for (const { kind, format, path } of PLACES) {
  test(`${kind}: skopeo reads what we write, and we what it writes (${format})`, async (t) => {
    if (!requires(t, 'skopeo')) return;
    const directory = temporaryDirectory(t);
    const options = optionsIn(directory);
    const image = makeImage({ format, layers: [1000, 200_000] });
    const ours = `${kind}:${join(directory, path)}`;
    await write(ours, image, options);
    t.deepEqual(await read(ours, options), image);
    t.is(skopeo(t, 'inspect', '--format', '{{.Digest}}', ours).trim(), image.manifest.digest);
    const theirs = `${kind}:${join(directory, `theirs-${path}`)}`;
    skopeo(t, 'copy', '--preserve-digests', ours, theirs);
    t.deepEqual(await read(theirs, options), image);
  });
}

for (const format of ['oci', 'docker'] as const) {
  test(`docker-archive: skopeo reads what we write, and we what it writes (${format})`, async (t) => {
    if (!requires(t, 'skopeo')) return;
    const directory = temporaryDirectory(t);
    const options = optionsIn(directory);
    const image = makeImage({ format, layers: [1000, 200_000] });
    const ours = `docker-archive:${join(directory, 'ours.tar')}`;
    await write(`${ours}:quay.io/a/b:1`, image, options);
    const back = await read(`${ours}:quay.io/a/b:1`, options);
    t.is(back.manifest.mediaType, DOCKER_MANIFEST);
    t.deepEqual(content(back), content(image));
    t.deepEqual(await listImages(ours, options), [{ reference: `${ours}:@0`, names: ['quay.io/a/b:1'] }]);
    skopeo(t, 'copy', ours, `dir:${join(directory, 'copy')}`);
    t.deepEqual(content(await read(`dir:${join(directory, 'copy')}`, options)), content(image));
    const theirs = `docker-archive:${join(directory, 'theirs.tar')}`;
    skopeo(t, 'copy', `dir:${join(directory, 'copy')}`, `${theirs}:localhost/x:y`);
    t.deepEqual(content(await read(theirs, options)), content(image));
    t.deepEqual((await listImages(theirs, options))[0]?.names, ['localhost/x:y']);
    execFileSync('gzip', [join(directory, 'theirs.tar')]);
    t.deepEqual(content(await read(`${theirs}.gz:localhost/x:y`, options)), content(image));
  });
}

test('docker-archive: several images in one, by name and by number', async (t) => {
  if (!requires(t, 'skopeo')) return;
  const directory = temporaryDirectory(t);
  const options = optionsIn(directory);
  const images = [makeImage({ format: 'docker' }), makeImage({ format: 'docker' })];
  for (const [index, image] of images.entries()) await write(`dir:${join(directory, `d${index}`)}`, image, options);
  const { DockerArchiveWriter } = await import('../../../src/image/docker-archive/writer.js');
  const path = join(directory, 'both.tar');
  await using writer = await DockerArchiveWriter.create(path, directory);
  for (const [index, { manifest, blobs }] of images.entries()) {
    const { Readable } = await import('node:stream');
    for (const { descriptor, bytes } of blobs)
      await writer.addBlob(descriptor, () => Promise.resolve(Readable.from([bytes])));
    writer.addImage(manifest, [`localhost/i${index}:1`]);
  }
  await writer.finish();
  for (const [index, image] of images.entries()) {
    t.deepEqual(content(await read(`docker-archive:${path}:localhost/i${index}:1`, options)), content(image));
    t.deepEqual(content(await read(`docker-archive:${path}:@${index}`, options)), content(image));
    const copy = join(directory, `c${index}`);
    skopeo(t, 'copy', `docker-archive:${path}:localhost/i${index}:1`, `dir:${copy}`);
    t.deepEqual(content(await read(`dir:${copy}`, options)), content(image));
  }
  await t.throwsAsync(openSource(`docker-archive:${path}`, options), { code: 'AMBIGUOUS' });
  await t.throwsAsync(openSource(`docker-archive:${path}:none`, options), { code: 'NO_SUCH_IMAGE' });
});

test('docker-archive: the form before Docker 1.10', async (t) => {
  const directory = temporaryDirectory(t);
  const [lower, upper] = ['a'.repeat(64), 'b'.repeat(64)];
  const layers = [tarOf('one', Buffer.from('1')), tarOf('two', Buffer.from('2'))];
  for (const [index, id] of [lower, upper].entries()) {
    mkdirSync(join(directory, 'in', id), { recursive: true });
    writeFileSync(join(directory, 'in', id, 'layer.tar'), layers[index] ?? '');
    const parent = index === 0 ? {} : { parent: lower };
    const json = {
      id,
      ...parent,
      os: 'linux',
      architecture: 'arm64',
      config: { Cmd: ['x'] },
      created: '2014-01-01T00:00:00Z',
    };
    writeFileSync(join(directory, 'in', id, 'json'), JSON.stringify(json));
  }
  writeFileSync(join(directory, 'in/repositories'), JSON.stringify({ 'old/app': { '1': upper } }));
  execFileSync('tar', ['-C', join(directory, 'in'), '-cf', join(directory, 'old.tar'), lower, upper, 'repositories']);
  const options = optionsIn(directory);
  const image = await read(`docker-archive:${join(directory, 'old.tar')}:old/app:1`, options);
  t.deepEqual(
    content(image).slice(1),
    layers.map((layer) => digestOf(layer)),
  );
  const config = JSON.parse(image.blobs[0]?.bytes.toString() ?? '') as { architecture: string; config: object };
  t.is(config.architecture, 'arm64');
  t.deepEqual(config.config, { Cmd: ['x'] });
});

test('oci: several images in one layout, and an index', async (t) => {
  if (!requires(t, 'skopeo')) return;
  const directory = temporaryDirectory(t);
  const options = optionsIn(directory);
  const layout = `oci:${join(directory, 'layout')}`;
  const [one, two] = [makeImage(), makeImage({ architecture: 'arm64' })];
  await write(`${layout}:one`, one, options);
  await write(`${layout}:two`, two, options);
  await write(`${layout}:one`, one, options);
  t.deepEqual(
    (await listImages(layout, options)).map(({ names }) => names[0]),
    ['two', 'one'],
  );
  const index = makeIndex({ amd64: one, arm64: two });
  await using destination = await openDestination(`${layout}:both`, options);
  await destination.putManifest(index);
  await using source = await openSource(`${layout}:both`, options);
  t.deepEqual(await source.manifest(), index);
  t.deepEqual(await source.manifest(two.manifest.digest), two.manifest);
  t.is(skopeo(t, 'inspect', '--raw', `${layout}:both`), index.bytes.toString());
  await t.throwsAsync(openSource(layout, options), { code: 'AMBIGUOUS' });
});

/** Writes the first blob, and is given up. */
async function breakOff(reference: string, { blobs: [blob] }: TestImage, options: OpenImageOptions): Promise<void> {
  await using destination = await openDestination(reference, options);
  const { Readable } = await import('node:stream');
  if (blob !== undefined)
    await destination.putBlob(blob.descriptor, { open: () => Promise.resolve(Readable.from([blob.bytes])) });
}

test('dir: only a directory that is empty or has an image is written to', async (t) => {
  const directory = temporaryDirectory(t);
  const options = optionsIn(directory);
  const at = join(directory, 'image');
  mkdirSync(at);
  await write(`dir:${at}`, makeImage(), options);
  const image = makeImage();
  await write(`dir:${at}`, image, options);
  t.deepEqual(await read(`dir:${at}`, options), image);
  const theirs = join(directory, 'theirs');
  mkdirSync(theirs);
  writeFileSync(join(theirs, 'manifest.json'), '{"name":"extension"}');
  const refused = { code: 'INVALID_ARGUMENT', message: /not empty, and not an image directory/ };
  await t.throwsAsync(write(`dir:${theirs}`, image, options), refused);
  for (const version of ['1.2.3', '']) {
    writeFileSync(join(theirs, 'version'), version);
    await t.throwsAsync(write(`dir:${theirs}`, image, options), refused);
    t.is(readFileSync(join(theirs, 'version'), 'utf8'), version);
  }
  t.deepEqual(readdirSync(theirs), ['manifest.json', 'version']);
  t.is(readFileSync(join(theirs, 'manifest.json'), 'utf8'), '{"name":"extension"}');
});

for (const kind of ['dir', 'oci']) {
  test(`${kind}: a write that was broken off can be repeated`, async (t) => {
    const directory = temporaryDirectory(t);
    const options = optionsIn(directory);
    const at = join(directory, 'image');
    const image = makeImage();
    await breakOff(`${kind}:${at}`, image, options);
    t.is(readdirSync(at).length, kind === 'dir' ? 2 : 1);
    await write(`${kind}:${at}`, image, options);
    t.deepEqual(await read(`${kind}:${at}`, options), image);
  });
}

test('dir: a directory in which the first file was left unfinished is written to', async (t) => {
  const directory = temporaryDirectory(t);
  const options = optionsIn(directory);
  const at = join(directory, 'image');
  mkdirSync(at);
  writeFileSync(join(at, 'version.0123456789ab.tmp'), 'Dir');
  const image = makeImage();
  await write(`dir:${at}`, image, options);
  t.deepEqual(await read(`dir:${at}`, options), image);
});

test('oci: nothing is written beside an index.json that is not an image index', async (t) => {
  const directory = temporaryDirectory(t);
  const options = optionsIn(directory);
  const at = join(directory, 'site');
  mkdirSync(at);
  const image = makeImage();
  for (const theirs of ['{"name":"site"}', 'no JSON', '']) {
    writeFileSync(join(at, 'index.json'), theirs);
    await t.throwsAsync(
      write(`oci:${at}:1`, image, options),
      { code: 'BAD_IMAGE', message: /index\.json is not an image index/ },
      theirs,
    );
    t.deepEqual(readdirSync(at), ['index.json']);
    t.is(readFileSync(join(at, 'index.json'), 'utf8'), theirs);
  }
});
