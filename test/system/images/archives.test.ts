/** `save` and `load`: what is written is what others read, with the digests that it had. */
import { execFileSync, spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { createReadStream, lstatSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import test, { type ExecutionContext } from 'ava';

import type { TransferProgress } from '../../../src/index.js';
import { digestOf } from '../../../src/oci/digest.js';
import { OCI_LAYER, OCI_LAYER_GZIP, OCI_LAYER_ZSTD } from '../../../src/oci/media-types.js';
import { run as runCli, runWith, storeOf } from '../../helpers/cli.js';
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
import { requires } from '../../helpers/requires.js';
import { skopeo } from '../../helpers/skopeo.js';
import { temporaryDirectory } from '../../helpers/temp.js';

const FORMATS = ['docker-archive', 'oci-archive', 'oci-dir', 'docker-dir'] as const;
const TRANSPORTS = {
  'docker-archive': 'docker-archive',
  'oci-archive': 'oci-archive',
  'oci-dir': 'oci',
  'docker-dir': 'dir',
} as const;

const ready = (t: ExecutionContext<unknown>, ...more: Parameters<typeof requires>[1][]) =>
  requires(t, 'root', 'busybox', 'overlay', ...more);

function testImage(): TestImage {
  const upper = layerOf([
    { path: 'bin/.wh.wc' },
    { path: 'kept', content: 'kept\n', mode: 0o4751, uid: 12, gid: 34 },
    { path: 'again', type: 'hardlink', target: 'kept' },
  ]);
  return imageOf({ layers: [busyboxLayer(), upper], config: { Cmd: ['cat', '/kept'], Env: ['COLOUR=red'] } });
}

async function withImage(t: ExecutionContext<unknown>): Promise<TestEngine & { image: TestImage; directory: string }> {
  const tested = await testEngine(t);
  const image = testImage();
  await tested.engine.images.pull(sourceOf(image), { name: 'test:1' });
  return { ...tested, image, directory: temporaryDirectory(t, 'tspod-archives-') };
}

function layersOf({ manifest }: TestImage): readonly string[] {
  const { layers } = JSON.parse(manifest.bytes.toString()) as { layers: { digest: string }[] };
  return layers.map(({ digest }) => digest);
}

for (const format of FORMATS) {
  test(`save and load: ${format} keeps digests, and runs`, async (t) => {
    if (!ready(t)) return;
    const { engine, options, image, directory } = await withImage(t);
    const path = join(directory, 'saved');
    await engine.images.save('test:1', path, { format });
    await engine.images.remove('test:1');
    t.deepEqual(engine.images.list(), []);
    const [loaded] = await engine.images.load(path);
    t.is(loaded?.image.id, image.id);
    t.deepEqual(loaded?.names, format === 'docker-dir' ? [] : ['localhost/test:1']);
    const inspected = engine.images.inspect(image.id);
    t.deepEqual(inspected.RootFS.Layers.length, 2);
    if (format.startsWith('oci')) t.is(inspected.Digest, image.manifest.digest);
    const { stdout } = await engine.run(options({ image: image.id }));
    t.is(stdout, 'kept\n');
  });

  test(`save: skopeo reads ${format}`, async (t) => {
    if (!ready(t) || !requires(t, 'skopeo')) return;
    const { engine, image, directory } = await withImage(t);
    const path = join(directory, 'saved');
    await engine.images.save('test:1', path, { format });
    skopeo(t, 'copy', `${TRANSPORTS[format]}:${path}`, `dir:${directory}/copy`);
    const manifest = JSON.parse(readFileSync(join(directory, 'copy/manifest.json'), 'utf8')) as {
      config: { digest: string };
      layers: { digest: string }[];
    };
    t.is(manifest.config.digest, `sha256:${image.id}`);
    if (format !== 'docker-archive')
      t.deepEqual(
        manifest.layers.map(({ digest }) => digest),
        layersOf(image),
      );
  });

  test(`load: ${format} that skopeo wrote`, async (t) => {
    if (!ready(t) || !requires(t, 'skopeo')) return;
    const { engine, image, directory } = await withImage(t);
    const [given, path] = [join(directory, 'given'), join(directory, 'from-skopeo')];
    await engine.images.save('test:1', given, { format: 'oci-dir' });
    await engine.images.remove('test:1');
    const name = format === 'docker-dir' ? '' : ':quay.io/some/app:3';
    skopeo(t, 'copy', `oci:${given}`, `${TRANSPORTS[format]}:${path}${name}`);
    const [loaded] = await engine.images.load(path);
    t.deepEqual(loaded?.names, format === 'docker-dir' ? [] : ['quay.io/some/app:3']);
    if (format !== 'docker-archive') t.is(loaded?.image.id, image.id);
  });
}

test('save and load: a docker-archive has the layers unpacked, however they are compressed and whatever their media types say', async (t) => {
  if (!ready(t) || !requires(t, 'zstd')) return;
  const { engine, options, directory } = await withImage(t);
  const sent = (path: string, mediaType: string, compress: (tar: Buffer) => Buffer): TestLayer => {
    const tar = tarOf([{ path, content: path }]);
    const { blob, descriptor } = layerOfTar(compress(tar), 'none');
    return { tar, blob, diff: digestOf(tar), descriptor: { ...descriptor, mediaType } };
  };
  const byZstd = (input: Buffer) => execFileSync('zstd', ['-q', '-c'], { input });
  const image = imageOf({
    layers: [
      busyboxLayer(),
      sent('one', OCI_LAYER, (tar) => gzipSync(tar)),
      sent('two', OCI_LAYER_GZIP, (tar) => tar),
      sent('three', OCI_LAYER_ZSTD, byZstd),
      sent('four', OCI_LAYER_GZIP, byZstd),
    ],
    config: { Cmd: ['cat', '/one', '/two', '/three', '/four'] },
  });
  await engine.images.pull(sourceOf(image), { name: 'any:1' });
  for (const format of FORMATS) {
    const path = join(directory, format);
    await engine.images.save('any:1', path, { format });
    await engine.images.remove(image.id, { force: true });
    const [loaded] = await engine.images.load(path);
    t.is(loaded?.image.id, image.id, format);
    t.is((await engine.run(options({ image: image.id }))).stdout, 'onetwothreefour', format);
    engine.images.tag(image.id, 'any:1');
  }
});

/** Files without a name that this process has open there. */
function spooledIn(directory: string): readonly string[] {
  return readdirSync('/proc/self/fd')
    .map((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`);
      } catch {
        return ''; // the descriptor of the list itself
      }
    })
    .filter((path) => path.startsWith(`${directory}/tspod-`) && path.endsWith(' (deleted)'));
}

test('save and load: what is put together lies in TMPDIR, or else in /var/tmp', async (t) => {
  if (!ready(t)) return;
  const { engine, directory } = await withImage(t);
  const place = process.env['TMPDIR'] ?? '/var/tmp';
  const seen = new Set<string>();
  const look = () => {
    for (const path of spooledIn(place)) seen.add(path);
  };
  const path = join(directory, 'saved');
  await engine.images.save('test:1', path, { onProgress: look });
  t.not(seen.size, 0, 'layers while they are unpacked');
  seen.clear();
  const bytes = readFileSync(path);
  const [half, rest] = [bytes.subarray(0, 1000), bytes.subarray(1000)];
  const stream = Readable.from(
    (async function* () {
      yield half;
      await Promise.resolve();
      look();
      yield rest;
    })(),
    { objectMode: false },
  );
  await engine.images.load(stream);
  t.not(seen.size, 0, 'an archive that is read from a stream');
});

test('save: umoci unpacks an oci-dir to the tree that the container has', async (t) => {
  if (!ready(t) || !requires(t, 'umoci')) return;
  const { engine, options, directory } = await withImage(t);
  await engine.images.save('test:1', join(directory, 'layout'), { format: 'oci-dir', names: ['plain'] });
  const name = 'localhost/plain:latest';
  const index = JSON.parse(readFileSync(join(directory, 'layout/index.json'), 'utf8')) as {
    manifests: { annotations: Record<string, string> }[];
  };
  t.is(index.manifests[0]?.annotations['org.opencontainers.image.ref.name'], name);
  // umoci takes tags that have no slash alone.
  await engine.images.save('test:1', join(directory, 'untagged'), { format: 'oci-dir' });
  const tagged = spawnSync('sed', ['-i', 's|localhost/test:1|one|', join(directory, 'untagged/index.json')]);
  t.is(tagged.status, 0);
  const unpacked = spawnSync('umoci', ['unpack', '--image', `${directory}/untagged:one`, `${directory}/bundle`], {
    encoding: 'utf8',
  });
  t.is(unpacked.status, 0, unpacked.stderr);
  const list = (root: string) =>
    spawnSync(
      'sh',
      [
        '-c',
        `cd ${root} && find . -printf '%p %y %m %U %G %s %l %n\\n' | grep -v '^\\. ' | sed '/ d /s/ [0-9]*  [0-9]*$//' | sort`,
      ],
      { encoding: 'utf8' },
    ).stdout;
  const container = await engine.containers.create(options({ image: 'test:1' }));
  const exported = join(directory, 'exported');
  t.is(spawnSync('mkdir', [exported]).status, 0);
  const tar = join(directory, 'exported.tar');
  await import('node:stream/promises').then(async ({ pipeline }) =>
    pipeline(await container.export(), (await import('node:fs')).createWriteStream(tar)),
  );
  t.is(spawnSync('tar', ['-xpf', tar, '--xattrs', '--same-owner', '-C', exported]).status, 0);
  t.is(list(join(directory, 'bundle/rootfs')), list(exported));
});

test('save and load: several images in one archive, several names of one, by stream', async (t) => {
  if (!ready(t)) return;
  const { engine, image, directory } = await withImage(t);
  const other = imageOf({ layers: [layerOf([{ path: 'f', content: 'other' }])] });
  await engine.images.pull(sourceOf(other), { name: 'quay.io/other/app:2' });
  engine.images.tag('test:1', 'second');
  const path = join(directory, 'all.tar');
  await engine.images.save(['test:1', 'second', 'quay.io/other/app:2'], path);
  for (const { id } of engine.images.list()) await engine.images.remove(id, { force: true });
  const loaded = await engine.images.load(createReadStream(path));
  t.deepEqual(
    loaded.map(({ image: { id, names } }) => ({ id, names })),
    [
      { id: image.id, names: ['localhost/second:latest', 'localhost/test:1'] },
      { id: other.id, names: ['quay.io/other/app:2'] },
    ],
  );
  const known = ['localhost/second', 'localhost/test'].map((repository) => `${repository}@${loaded[0]?.image.digest}`);
  t.deepEqual(engine.images.inspect('test:1').RepoDigests, known);
  for (const name of known) t.is(engine.images.inspect(name).Id, image.id, name);
  t.false(engine.images.exists(`localhost/none@${loaded[0]?.image.digest}`));
  await rejectsWith(t, engine.images.save(['test:1', 'second'], path, { format: 'oci-archive' }), 'INVALID_ARGUMENT');
  await rejectsWith(t, engine.images.save('none', path), 'NO_SUCH_IMAGE');
});

test('load: short names of a docker-archive are the own ones, others stay; layers need not be', async (t) => {
  if (!ready(t)) return;
  const { engine } = await testEngine(t);
  const path = join(temporaryDirectory(t, 'tspod-archives-'), 'named.tar');
  const config = { os: 'linux', architecture: 'amd64', config: { Cmd: ['x'] }, rootfs: { type: 'layers' } };
  const tags = ['myapp:1', 'team/app:2', 'docker.io/alpine:3', 'quay.io/x/y:4'];
  const archive = tarOf([
    { path: 'config.json', content: JSON.stringify(config) },
    { path: 'manifest.json', content: JSON.stringify([{ Config: 'config.json', RepoTags: tags, Layers: null }]) },
  ]);
  writeFileSync(path, archive);
  const names = ['localhost/myapp:1', 'localhost/team/app:2', 'docker.io/library/alpine:3', 'quay.io/x/y:4'];
  const [loaded] = await engine.images.load(path);
  t.deepEqual(loaded?.names, names);
  t.deepEqual(engine.images.inspect('docker.io/alpine:3').RootFS.Layers, []);
  await engine.images.save(names, path);
  await engine.images.remove('myapp:1', { force: true });
  const [again] = await engine.images.load(path);
  t.deepEqual(again?.names, names);
});

test('save: an image that is removed meanwhile is saved whole, and goes then', async (t) => {
  if (!ready(t)) return;
  const { engine, reopen, root, runRoot } = await testEngine(t);
  const directory = temporaryDirectory(t, 'tspod-archives-');
  // More layers than are sent at the same time.
  const layers = Array.from({ length: 8 }, (_, index) => layerOf([{ path: `f${index}`, content: `${index}` }]));
  const image = imageOf({ layers });
  await engine.images.pull(sourceOf(image), { name: 'test:1' });
  let removed: SpawnSyncReturns<string> | undefined;
  const onProgress = ({ kind }: TransferProgress) => {
    if (kind !== 'blob') return;
    const env = { ...process.env, TSPOD_ROOT: root, TSPOD_RUNROOT: runRoot };
    removed ??= spawnSync(join(process.cwd(), 'bin/tspod'), ['rmi', 'test:1'], { env, encoding: 'utf8' });
  };
  const path = join(directory, 'saved');
  await engine.images.save('test:1', path, { format: 'oci-archive', onProgress });
  t.is(removed?.status, 0, removed?.stderr);
  const other = await reopen();
  t.deepEqual(readdirSync(join(root, 'blobs/sha256')), []);
  const [loaded] = await other.images.load(path);
  t.is(loaded?.image.id, image.id);
});

test('save: a blob that cannot be sent ends the others, and they have ended when that is said', async (t) => {
  if (!ready(t)) return;
  const { engine, root } = await testEngine(t);
  const directory = join(temporaryDirectory(t, 'tspod-archives-'), 'saved');
  const large = layerOf([{ path: 'large', content: Buffer.alloc(64 * 1024 * 1024) }], 'none');
  const broken = layerOf([{ path: 'f', content: 'x' }]);
  await engine.images.pull(sourceOf(imageOf({ layers: [broken, large] })), { name: 'test:1' });
  writeFileSync(join(root, 'blobs', broken.descriptor.digest.replace(':', '/')), 'other bytes');
  await rejectsWith(t, engine.images.save('test:1', directory, { format: 'oci-dir' }), 'DIGEST_MISMATCH');
  const written = readdirSync(join(directory, 'blobs/sha256'));
  t.false(
    written.some((name) => name.endsWith('.tmp')),
    written.join(),
  );
  t.false(written.includes(large.descriptor.digest.slice('sha256:'.length)));
});

test('save: aborted, it ends at once with what it has of a blob', async (t) => {
  if (!ready(t)) return;
  const { engine } = await testEngine(t);
  const large = layerOf([{ path: 'large', content: Buffer.alloc(64 * 1024 * 1024) }], 'none');
  await engine.images.pull(sourceOf(imageOf({ layers: [large] })), { name: 'test:1' });
  for (const format of FORMATS) {
    const directory = temporaryDirectory(t, 'tspod-archives-');
    const stop = new AbortController();
    let last = 0;
    const onProgress = (progress: TransferProgress) => {
      if (progress.kind !== 'blob' || progress.role !== 'layer') return;
      last = progress.currentBytes;
      if (last > 0) stop.abort();
    };
    const saving = engine.images.save('test:1', join(directory, 'x'), { format, signal: stop.signal, onProgress });
    await rejectsWith(t, saving, 'ABORTED');
    t.true(last > 0 && last < large.blob.length, `${format}: it went on to ${last}`);
  }
});

test('load: what is not an archive of images is refused, and leaves nothing', async (t) => {
  if (!ready(t)) return;
  const { engine } = await testEngine(t);
  const directory = temporaryDirectory(t, 'tspod-archives-');
  const path = join(directory, 'bad');
  await rejectsWith(t, engine.images.load(path), 'NO_SUCH_FILE');
  writeFileSync(path, tarOf([{ path: 'hello', content: 'x' }]));
  await rejectsWith(t, engine.images.load(path), 'BAD_ARCHIVE');
  writeFileSync(path, 'no archive at all');
  await rejectsWith(t, engine.images.load(path), 'BAD_ARCHIVE');
  await rejectsWith(t, engine.images.load(directory), 'BAD_ARCHIVE');
  const few = await rejectsWith(t, engine.images.load(Readable.from([Buffer.alloc(10)])), 'BAD_ARCHIVE');
  t.regex(few, /the stream/);
  t.notRegex(few, /proc/);
  writeFileSync(join(directory, 'empty'), '');
  t.regex(await rejectsWith(t, engine.images.load(join(directory, 'empty')), 'BAD_ARCHIVE'), /it is empty/);
  const index = { schemaVersion: 2, manifests: [] };
  writeFileSync(path, tarOf([{ path: 'index.json', content: JSON.stringify(index) }]));
  await rejectsWith(t, engine.images.load(path), 'NO_SUCH_IMAGE');
  t.deepEqual(engine.images.list(), []);
});

test('save and load: the command line, to a file, a pipe and a terminal', async (t) => {
  if (!ready(t)) return;
  const { engine, directory } = await withImage(t);
  const path = join(directory, 'image.tar');
  await engine.images.save('test:1', path);
  const { stdout, stderr } = await runCli(t, 0, 'load', '-i', path);
  t.is(stdout, 'Loaded image: localhost/test:1\n');
  t.regex(stderr, /Copying blob sha256:/);
  t.deepEqual(await runWith(t, {}, 0, 'image', 'load', '-q', '-i', path), { status: 0, stdout, stderr: '' });
  const shell = (line: string) =>
    spawnSync('sh', ['-c', line], { env: storeOf(t).env, encoding: 'utf8', cwd: directory });
  const program = join(process.cwd(), 'bin/tspod');
  const piped = shell(`${program} save -q test:1 | tar -tf - && ${program} save -q test:1 | ${program} load -q`);
  t.regex(piped.stdout, /manifest\.json\nLoaded image: localhost\/test:1\n$/, piped.stderr);
  t.is(
    shell(`${program} save -q test:1 extra:2 -o named.tar && ${program} load -q -i named.tar`).stdout,
    'Loaded image: localhost/test:1\nLoaded image: localhost/extra:2\n',
  );
  const terminal = shell(`script -qec "${program} save test:1" /dev/null`);
  t.regex(terminal.stdout, /refusing to save to terminal/);
  t.regex((await runCli(t, 125, 'load', '-i', '/nope')).stderr, /stat \/nope: no such file or directory/);
  t.regex((await runCli(t, 125, 'save', '-o', path, 'none')).stderr, /none: image not known/);
  t.regex(
    (await runCli(t, 125, 'save', '--format', 'zip', '-o', path, 'test:1')).stderr,
    /format value must be one of/,
  );
  t.regex((await runCli(t, 125, 'save', '-o', 'a:b', 'test:1')).stderr, /should not contain ':'/);
  t.is(shell(`${program} load </dev/null`).stderr, 'Error: stdin: it is empty, not an archive of images\n');
  t.regex(shell(`echo x | ${program} load`).stderr, /^Error: (open )?stdin: [^/]+\n$/);
  t.is(
    shell(`xz -c image.tar | ${program} load`).stderr,
    'Error: stdin is compressed with xz, which is not supported: decompress it first, as with "xz -dc"\n',
  );
});

test('save: an archive in place of a directory is refused before anything of it is written', async (t) => {
  if (!ready(t)) return;
  const { engine, directory } = await withImage(t);
  let isSending = false;
  const onProgress = () => (isSending = true);
  for (const format of ['docker-archive', 'oci-archive'] as const) {
    const said = await rejectsWith(
      t,
      engine.images.save('test:1', directory, { format, onProgress }),
      'INVALID_ARGUMENT',
    );
    t.is(said, `write "${directory}": it is a directory`);
  }
  t.false(isSending);
  t.deepEqual(readdirSync(directory), []);
});

test('save: a link to an open file is written through, and no device, fifo or link is replaced', async (t) => {
  if (!ready(t)) return;
  const { engine, directory } = await withImage(t);
  const at = (name: string) => join(directory, name);
  const shell = (line: string) =>
    spawnSync('sh', ['-ec', line], { env: storeOf(t).env, encoding: 'utf8', cwd: directory });
  const program = join(process.cwd(), 'bin/tspod');
  await engine.images.save('test:1', at('image.tar'));
  await runCli(t, 0, 'load', '-q', '-i', at('image.tar'));
  const made = shell(
    `ln -s /proc/self/fd/1 out; mkfifo fifo; mknod null c 1 3; echo old > old; ln -s old link
     { ${program} save -q -o out test:1; } > stdout; { ${program} save -q -o out test:1; } | tar -tf - > names
     ${program} save -q -o null test:1; tar -tf stdout`,
  );
  t.is(made.status, 0, made.stderr);
  t.regex(made.stdout, /manifest\.json\n/);
  t.regex(readFileSync(at('names'), 'utf8'), /manifest\.json\n/);
  await engine.images.save('test:1', at('link'));
  t.regex(shell('tar -tf old').stdout, /manifest\.json\n/, 'the file that a link leads to');
  for (const name of ['fifo', 'null']) await rejectsWith(t, engine.images.save('test:1', at(name)), 'INVALID_ARGUMENT');
  t.deepEqual(
    ['out', 'link'].map((name) => readlinkSync(at(name))),
    ['/proc/self/fd/1', 'old'],
  );
  t.true(lstatSync(at('fifo')).isFIFO());
  t.true(lstatSync(at('null')).isCharacterDevice());
});
