/** Archives and layouts that somebody made to harm. */
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import test, { type ExecutionContext } from 'ava';

import { TspodError } from '../../../src/errors.js';
import { openArchive, UnpackedArchives } from '../../../src/image/archive/archive-file.js';
import { indexTar } from '../../../src/image/archive/tar-index.js';
import { listImages, openDestination, openSource, type OpenImageOptions } from '../../../src/image/open.js';
import { NO_REGISTRIES } from '../../../src/image/registries/config.js';
import { hasTransport, parsePathName, parseTransportName } from '../../../src/image/transport-name.js';
import { digestOf } from '../../../src/oci/digest.js';
import { ARCHIVE_END, encodeHeader } from '../../../src/tar/encode.js';
import { checksum, type TarHeader, type TarType } from '../../../src/tar/header.js';
import { makeImage, readAll, readImage, writeImage } from '../../helpers/images.js';
import { temporaryDirectory } from '../../helpers/temp.js';

function optionsIn(directory: string): OpenImageOptions {
  return { environment: {}, uid: 0, registries: NO_REGISTRIES, temporaryDirectory: directory };
}

function entry(
  path: string,
  content: string | Buffer = '',
  { type = 'file', target = '' }: { type?: TarType; target?: string } = {},
): Buffer {
  const bytes = Buffer.from(content);
  const header: TarHeader = {
    ...{ path, type, mode: 0o644, uid: 0, gid: 0, size: bytes.length, mtimeSec: 0, mtimeNsec: 0 },
    ...{ target, major: 0, minor: 0, xattrs: new Map() },
  };
  return Buffer.concat([encodeHeader(header), bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)]);
}

/** A header block that no encoder makes. */
function rawEntry(path: string, change: (block: Buffer) => void): Buffer {
  const block = entry(path);
  change(block);
  block.write(checksum(block).toString(8).padStart(6, '0') + '\0 ', 148, 'latin1');
  return block;
}

function index(...parts: readonly Buffer[]): ReturnType<typeof indexTar> {
  const archive = Buffer.concat(parts);
  return indexTar({
    size: archive.length,
    bytes: (offset, length) => Promise.resolve(archive.subarray(offset, offset + length)),
  });
}

test('archive: files are found by their path, links lead to them', async (t) => {
  const found = await index(
    entry('./dir', '', { type: 'directory' }),
    entry('./dir/file', 'hello'),
    entry('hard', '', { type: 'hardlink', target: 'dir/file' }),
    entry('dir/soft', '', { type: 'symlink', target: '../hard' }),
    entry(`${'long/'.repeat(40)}name`, 'x'),
    entry('after', 'y'),
    ARCHIVE_END,
  );
  t.is(found.find('dir/file')?.size, 5);
  t.deepEqual(found.find('dir/soft'), found.find('dir/file'));
  t.is(found.find(`${'long/'.repeat(40)}name`)?.size, 1);
  t.is(found.find('after')?.size, 1);
  t.is(found.find('none'), undefined);
  t.is(found.find('dir'), undefined);
});

const refused = test.macro<[string, readonly Buffer[], RegExp]>({
  exec: async (t, _, parts, why) => {
    const error = await t.throwsAsync(
      index(...parts).then((found) => found.find('loop')),
      { code: 'BAD_ARCHIVE' },
    );
    t.regex(error.message, why);
  },
  title: (_, what) => `archive: refused: ${what}`,
});
test(refused, 'an absolute path', [entry('/etc/passwd')], /leads out/);
test(refused, 'a path that leads out', [entry('a/../../x')], /leads out/);
test(refused, 'a link that leads out', [entry('a/l', '', { type: 'symlink', target: '../../x' })], /leads out/);
test(refused, 'an absolute link', [entry('l', '', { type: 'symlink', target: '/etc/shadow' })], /leads out/);
test(refused, 'a hard link that leads out', [entry('l', '', { type: 'hardlink', target: '../x' })], /leads out/);
test(refused, 'a link to itself', [entry('loop', '', { type: 'symlink', target: 'loop' })], /loop of links/);
test(refused, 'two files of one name', [entry('a', '1'), entry('./a', '2')], /two files "a"/);
test(
  refused,
  'a file and a link of one name',
  [entry('a', '1'), entry('a', '', { type: 'symlink', target: 'b' })],
  /two files/,
);
test(refused, 'a name that is none', [entry('.', 'x')], /names no file/);
test(refused, 'nothing', [Buffer.alloc(0), Buffer.from('x')], /too short/);
test(refused, 'no archive', [Buffer.alloc(1024, 'x')], /checksum/);
test(refused, 'an end within a file', [entry('a', Buffer.alloc(5000)).subarray(0, 2048)], /middle of a file/);
test(refused, 'an end within a header', [entry('a'), Buffer.alloc(100, 1)], /middle of a header/);
test(refused, 'a negative size', [rawEntry('a', (block) => block.fill(0xff, 124, 136))], /negative/);
test(refused, 'a huge size', [rawEntry('a', (block) => block.fill(0xff, 125, 136).fill(0x80, 124, 125))], /too large/);
test(refused, 'a sparse file', [rawEntry('a', (block) => block.write('S', 156))], /sparse/);
const paxOf = (size: string) =>
  rawEntry('a', (block) => {
    block.write('x', 156);
    block.write(size, 124);
  });
test(refused, 'a huge pax header', [paxOf('77777777777')], /header is too long/);
test(refused, 'a malformed pax header', [paxOf('00000000005'), Buffer.alloc(512, 'z')], /pax header is malformed/);
test(
  refused,
  'very many files',
  [Buffer.concat(Array.from({ length: 100_001 }, (_, number) => entry(`f${number}`)))],
  /more than 100000 files/,
);

async function opened(t: ExecutionContext<unknown>, kind: string, parts: Readonly<Record<string, string | Buffer>>) {
  const directory = temporaryDirectory(t);
  const path = join(directory, 'a.tar');
  writeFileSync(
    path,
    Buffer.concat([...Object.entries(parts).map(([name, bytes]) => entry(name, bytes)), ARCHIVE_END]),
  );
  await using source = await openSource(`${kind}:${path}`, optionsIn(directory));
  return await source.manifest();
}

const badArchive = test.macro<[string, string, Readonly<Record<string, string>>, RegExp]>({
  exec: async (t, ...[kind, , parts, why]) => {
    const error = await t.throwsAsync(opened(t, kind, parts));
    t.regex(error.message, why);
    t.true(
      ['BAD_IMAGE', 'NO_SUCH_IMAGE', 'DIGEST_MISMATCH', 'AMBIGUOUS'].includes((error as { code?: string }).code ?? ''),
    );
  },
  title: (_, kind, what) => `${kind}: refused: ${what}`,
});
const ID = 'a'.repeat(64);

test('docker-archive: an image without layers', async (t) => {
  const config = JSON.stringify({ os: 'linux', architecture: 'x', rootfs: { type: 'layers' } });
  for (const layers of [null, undefined, []]) {
    const manifest = JSON.stringify([{ Config: 'c.json', Layers: layers }]);
    const { bytes } = await opened(t, 'docker-archive', { 'manifest.json': manifest, 'c.json': config });
    t.like(JSON.parse(bytes.toString()), { layers: [] });
  }
});

const CONFIG = JSON.stringify({
  os: 'linux',
  architecture: 'x',
  rootfs: { type: 'layers', diff_ids: [`sha256:${ID}`] },
});
const listed = (more: object) => JSON.stringify([{ Config: 'c.json', Layers: ['l.tar'], ...more }]);
test(badArchive, 'docker-archive', 'nothing in it', {}, /neither manifest.json nor repositories/);
test(badArchive, 'docker-archive', 'no JSON', { 'manifest.json': '{' }, /manifest.json is not JSON/);
test(badArchive, 'docker-archive', 'no list', { 'manifest.json': '{}' }, /must be a list/);
test(badArchive, 'docker-archive', 'no image', { 'manifest.json': '[]' }, /contains no image/);
test(badArchive, 'docker-archive', 'no config', { 'manifest.json': listed({}) }, /config "c.json" is missing/);
test(
  badArchive,
  'docker-archive',
  'a config outside',
  { 'manifest.json': listed({ Config: '../c' }) },
  /config "..\/c" is missing/,
);
test(
  badArchive,
  'docker-archive',
  'no layer',
  { 'manifest.json': listed({}), 'c.json': CONFIG },
  /layer "l.tar" is missing/,
);
test(
  badArchive,
  'docker-archive',
  'other layers',
  { 'manifest.json': listed({ Layers: [] }), 'c.json': CONFIG },
  /has 1 layers, manifest.json has 0/,
);
test(
  badArchive,
  'docker-archive',
  'a bad name',
  { 'manifest.json': listed({ RepoTags: ['A B'] }) },
  /invalid image name "A B"/,
);
test(badArchive, 'docker-archive', 'an old id', { repositories: '{"a":{"b":"../x"}}' }, /is not a layer id/);
test(
  badArchive,
  'docker-archive',
  'parents in circles',
  { repositories: `{"a":{"b":"${ID}"}}`, [`${ID}/json`]: `{"parent":"${ID}"}` },
  /more than 1024 layers/,
);
const idOf = (number: number) => number.toString(16).padStart(64, '0');
test(
  badArchive,
  'docker-archive',
  'a chain of layers that say much',
  {
    repositories: `{"a":{"b":"${idOf(0)}"}}`,
    ...Object.fromEntries(
      Array.from({ length: 6 }, (_, number) => [
        `${idOf(number)}/json`,
        JSON.stringify({ parent: idOf(number + 1), comment: 'x'.repeat(3 * 1024 * 1024) }),
      ]),
    ),
  },
  /larger than 16777216 bytes/,
);

test('docker-archive: of many images of the old form only the one that is wanted is read', async (t) => {
  const directory = temporaryDirectory(t);
  const path = join(directory, 'a.tar');
  const ids = Array.from({ length: 100 }, (_, number) => idOf(number));
  const json = JSON.stringify({ os: 'linux', architecture: 'x', config: { Env: [`A=${'x'.repeat(3_900_000)}`] } });
  const [first = '', ...others] = ids;
  const link = (id: string) => entry(`${id}/json`, '', { type: 'hardlink', target: `${first}/json` });
  const repositories = { app: Object.fromEntries(ids.map((id, number) => [`v${number}`, id])) };
  writeFileSync(
    path,
    Buffer.concat([
      entry('repositories', JSON.stringify(repositories)),
      entry(`${first}/json`, json),
      ...others.map(link),
      ARCHIVE_END,
    ]),
  );
  const before = process.memoryUsage().rss;
  const listed = await listImages(`docker-archive:${path}`, optionsIn(directory));
  t.is(listed.length, 100);
  t.deepEqual(listed.at(-1)?.names, ['app:v99']);
  await using _source = await openSource(`docker-archive:${path}:app:v7`, optionsIn(directory));
  const grown = process.memoryUsage().rss - before;
  t.true(grown < 100 * 1024 * 1024, `${grown} bytes`);
});

test(badArchive, 'oci-archive', 'no index', {}, /not an OCI image layout/);
test(
  badArchive,
  'oci-archive',
  'an empty index',
  { 'index.json': '{"schemaVersion":2,"manifests":[]}' },
  /contains no image/,
);
test(
  badArchive,
  'oci-archive',
  'a manifest as index',
  { 'index.json': makeImage().manifest.bytes.toString() },
  /served as/,
);
const toManifest = (digest: string) =>
  JSON.stringify({
    schemaVersion: 2,
    manifests: [{ mediaType: 'application/vnd.oci.image.manifest.v1+json', digest, size: 5 }],
  });
test(
  badArchive,
  'oci-archive',
  'a missing manifest',
  { 'index.json': toManifest(`sha256:${ID}`) },
  /manifest .* is missing/,
);
test(
  badArchive,
  'oci-archive',
  'a digest that is a path',
  { 'index.json': toManifest('sha256:../../../etc/passwd') },
  /is not a sha256 or sha512 digest/,
);
test(
  badArchive,
  'oci-archive',
  'other bytes',
  { 'index.json': toManifest(`sha256:${ID}`), [`blobs/sha256/${ID}`]: '{}' },
  /its digest is/,
);

test('docker-archive: a layer that is another than the config says is for the reader to see', async (t) => {
  const directory = temporaryDirectory(t);
  const path = join(directory, 'a.tar');
  const layer = Buffer.alloc(1024);
  writeFileSync(
    path,
    Buffer.concat([
      entry('manifest.json', listed({})),
      entry('c.json', CONFIG),
      entry('l.tar', gzipSync(layer)),
      ARCHIVE_END,
    ]),
  );
  await using source = await openSource(`docker-archive:${path}`, optionsIn(directory));
  const manifest = JSON.parse((await source.manifest()).bytes.toString()) as {
    layers: { digest: string; size: number; mediaType: string }[];
  };
  const [descriptor] = manifest.layers;
  if (descriptor === undefined) return t.fail();
  t.is(descriptor.size, 1024);
  const { stream } = await source.blob(descriptor);
  t.not(digestOf(await readAll(stream)), descriptor.digest);
});

test('archive: a compressed one that grows without end is given up', async (t) => {
  const directory = temporaryDirectory(t);
  const path = join(directory, 'bomb.tar.gz');
  // 1.2 GiB of zeros, squeezed in pieces, which gunzip reads as one.
  const piece = gzipSync(Buffer.alloc(64 * 1024 * 1024), { level: 9 });
  writeFileSync(path, Buffer.concat([...Array<Buffer>(20).fill(piece)]));
  const error = await t.throwsAsync(listImages(`oci-archive:${path}`, optionsIn(directory)), { code: 'BAD_ARCHIVE' });
  t.regex(error.message, /unpacks to more than/);
  t.deepEqual(readdirSync(directory), ['bomb.tar.gz'], 'nothing is left');
});

test('archive: what is no archive, compressed wrongly, or missing', async (t) => {
  const directory = temporaryDirectory(t);
  const options = optionsIn(directory);
  const path = join(directory, 'a');
  const open = (bytes: Buffer) => {
    writeFileSync(path, bytes);
    return openSource(`oci-archive:${path}`, options);
  };
  await t.throwsAsync(open(Buffer.from([0x1f, 0x8b, 1, 2, 3])), { code: 'BAD_ARCHIVE' });
  await t.throwsAsync(open(gzipSync(Buffer.alloc(100_000, 'x')).subarray(0, 50)), { code: 'BAD_ARCHIVE' });
  await t.throwsAsync(open(Buffer.from('\xfd7zXZ\0', 'latin1')), {
    code: 'NOT_SUPPORTED',
    message: /\/a" is compressed with xz, which is not supported: decompress it first, as with "xz -dc"/,
  });
  await t.throwsAsync(openSource(`oci-archive:${directory}`, options), {
    code: 'INVALID_ARGUMENT',
    message: /not a regular file/,
  });
  await t.throwsAsync(openSource(`oci-archive:${directory}/none`, options), { code: 'NO_SUCH_FILE' });
  await t.throwsAsync(openSource('oci-archive:', options), {
    code: 'INVALID_ARGUMENT',
    message: /path of an image is empty/,
  });
});

test('oci: links in a layout are not followed (CVE-2025-11395)', async (t) => {
  const directory = temporaryDirectory(t);
  const layout = join(directory, 'layout');
  mkdirSync(layout);
  writeFileSync(join(directory, 'secret'), toManifest(`sha256:${ID}`));
  symlinkSync(join(directory, 'secret'), join(layout, 'index.json'));
  await t.throwsAsync(openSource(`oci:${layout}`, optionsIn(directory)), { message: /symbolic link/ });
});

for (const kind of ['oci', 'oci-archive', 'dir', 'docker-archive']) {
  test(`${kind}: bytes that are not those of the digest are not written, nothing is left of what was given up`, async (t) => {
    const directory = temporaryDirectory(t);
    const image = makeImage();
    const [config, layer] = image.blobs;
    if (config === undefined || layer === undefined) return t.fail();
    const work = join(directory, 'work');
    mkdirSync(work);
    const path = join(work, 'x');
    {
      await using destination = await openDestination(`${kind}:${path}`, optionsIn(directory));
      const put = (bytes: Buffer) =>
        destination.putBlob(layer.descriptor, { open: () => Promise.resolve(Readable.from([bytes])) });
      const wrong = Buffer.from(layer.bytes);
      wrong[wrong.length - 1] = (wrong.at(-1) ?? 0) ^ 1;
      for (const bytes of [layer.bytes.subarray(1), Buffer.concat([layer.bytes, Buffer.from('x')]), wrong])
        await t.throwsAsync(put(bytes));
      t.false(await destination.hasBlob(layer.descriptor));
      await put(layer.bytes);
      t.true(await destination.hasBlob(layer.descriptor));
    }
    const left = readdirSync(work, { recursive: true }).filter((name) => String(name).includes('.tmp'));
    t.deepEqual(left, []);
    if (kind.endsWith('archive')) t.deepEqual(readdirSync(work), [], 'an archive that is not committed is not there');
    t.deepEqual(readdirSync(directory), ['work']);
  });
}

for (const kind of ['oci-archive', 'docker-archive']) {
  test(`${kind}: nothing is left of an archive that cannot take its place`, async (t) => {
    const directory = temporaryDirectory(t);
    {
      await using destination = await openDestination(`${kind}:${join(directory, 'taken')}`, optionsIn(directory));
      mkdirSync(join(directory, 'taken'));
      await t.throwsAsync(writeImage(destination, makeImage()), { code: 'INVALID_ARGUMENT', message: /EISDIR/ });
    }
    t.deepEqual(readdirSync(directory), ['taken']);
  });

  test(`${kind}: a blob that came wrongly and then rightly is whole`, async (t) => {
    const directory = temporaryDirectory(t);
    const reference = `${kind}:${join(directory, 'a.tar')}`;
    const image = makeImage({ layers: [3000] });
    const last = image.blobs.at(-1);
    if (last === undefined) return t.fail();
    {
      await using destination = await openDestination(reference, optionsIn(directory));
      const short = () => Promise.resolve(Readable.from([last.bytes.subarray(1)]));
      await t.throwsAsync(destination.putBlob(last.descriptor, { open: short }), { instanceOf: TspodError });
      await writeImage(destination, image);
    }
    await using source = await openSource(reference, optionsIn(directory));
    t.is((await readImage(source)).blobs.length, image.blobs.length);
  });
}

test('transports: read from the text', (t) => {
  t.deepEqual(parseTransportName('docker://a/b:1'), { kind: 'docker', rest: 'a/b:1' });
  t.deepEqual(parseTransportName('a/b:1'), { kind: 'docker', rest: 'a/b:1' });
  t.deepEqual(parseTransportName('oci:/x:y'), { kind: 'oci', rest: '/x:y' });
  t.deepEqual(parseTransportName('oci-archive:/x:y'), { kind: 'oci-archive', rest: '/x:y' });
  t.throws(() => parseTransportName('containers-storage:/x'), { message: /"containers-storage:" is not supported/ });
  t.deepEqual(
    ['docker://a', 'oci:x', 'dir:x', 'oci-archive:x', 'docker-archive:x', 'oci/x:1', 'registry:5000/x'].map(
      hasTransport,
    ),
    [true, true, true, true, true, false, false],
  );
  t.deepEqual(parsePathName('/x:a:b'), { path: '/x', name: 'a:b' });
  t.deepEqual(parsePathName('/x:'), { path: '/x' });
});

test('docker-archive: a signal ends the reading of its layers, which can be begun again', async (t) => {
  const directory = temporaryDirectory(t);
  const image = makeImage({ layers: [1000, 1000] });
  const [config] = image.blobs;
  const listed = [{ Config: 'config.json', RepoTags: ['a:1'], Layers: ['0.tar', '1.tar'] }];
  const layers = image.blobs.slice(1).map(({ bytes }, index) => entry(`${index}.tar`, bytes));
  const path = join(directory, 'archive');
  const parts = [entry('config.json', config?.bytes), ...layers, entry('manifest.json', JSON.stringify(listed))];
  writeFileSync(path, Buffer.concat([...parts, ARCHIVE_END]));
  await using source = await openSource(`docker-archive:${path}`, optionsIn(directory));
  await t.throwsAsync(source.manifest(undefined, { signal: AbortSignal.abort() }), { code: 'ABORTED' });
  t.is((await readImage(source)).blobs.length, 3);
});

test('archive: a compressed one is unpacked once for all who share what it was unpacked to', async (t) => {
  const directory = temporaryDirectory(t);
  const [path, other] = [join(directory, 'a.tar.gz'), join(directory, 'b.tar.gz')];
  const write = (to: string, name: string) =>
    writeFileSync(to, gzipSync(Buffer.concat([entry(name, 'hello'), ARCHIVE_END])));
  write(path, 'first');
  write(other, 'other');
  const options = optionsIn(directory);
  {
    using unpacked = new UnpackedArchives();
    const pathsOf = async (of: string) => {
      using files = await openArchive(of, { ...options, unpacked });
      return files.paths();
    };
    t.deepEqual(await pathsOf(path), ['first']);
    write(path, 'second');
    t.deepEqual(await pathsOf(path), ['first'], 'it was not unpacked again');
    t.deepEqual(await pathsOf(other), ['other']);
    t.deepEqual(readdirSync(directory).toSorted(), ['a.tar.gz', 'b.tar.gz'], 'it lies in no file with a name');
  }
  using files = await openArchive(path, options);
  t.deepEqual(files.paths(), ['second']);
});
