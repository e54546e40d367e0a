/** Images looked at on the host: mount, tree, diff; and what the store takes: system df and prune. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';

import { IMAGE_MOUNT_FAILPOINTS } from '../../../src/container/failpoint.js';
import type { Engine } from '../../../src/index.js';
import { run, runWith, storeOf } from '../../helpers/cli.js';
import { rejectsWith, testEngine, type TestEngine } from '../../helpers/engine.js';
import { faults } from '../../helpers/faults.js';
import { busyboxLayer, imageOf, layerOf, sourceOf, type TestImage, type TestLayer } from '../../helpers/layers.js';
import { takesLong } from '../../helpers/pace.js';
import { requires } from '../../helpers/requires.js';

const ready = (t: ExecutionContext<unknown>) => requires(t, 'root', 'busybox', 'overlay');

const BASE = layerOf([
  { path: 'd', type: 'directory', mode: 0o755 },
  { path: 'd/gone', content: 'x' },
  { path: 'd/kept', content: 'kept' },
  { path: 'setuid', content: '#!/bin/sh', mode: 0o4755 },
]);
const UPON = layerOf([{ path: 'd/.wh.gone' }, { path: 'd/new', content: 'new' }, { path: 'top', content: 'upon' }]);
const BESIDE = layerOf([{ path: 'other', content: 'beside' }]);

interface Made extends TestEngine {
  readonly base: TestImage;
  readonly child: TestImage;
}

/** base:1 of one layer, child:1 (and child:2) and other:1 upon it. */
async function family(t: ExecutionContext<unknown>): Promise<Made> {
  const tested = await testEngine(t);
  const images = { base: imageOf({ layers: [BASE] }), child: imageOf({ layers: [BASE, UPON] }) };
  await pull(tested.engine, images.base, 'base:1');
  await pull(tested.engine, images.child, 'child:1');
  tested.engine.images.tag('child:1', 'child:2');
  await pull(tested.engine, imageOf({ layers: [BASE, BESIDE] }), 'other:1');
  return { ...tested, ...images };
}

async function pull(engine: Engine, image: TestImage, name: string): Promise<void> {
  await engine.images.pull(sourceOf(image), { name });
}

/** Options of the mount at a path; undefined: there is none. */
function mountOptions(path: string): readonly string[] | undefined {
  const lines = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
  return lines
    .find((line) => line.split(' ')[4] === path)
    ?.split(' ')[5]
    ?.split(',');
}

test('mount: an image is read on the host, as often mounted as unmounted, and stays meanwhile', async (t) => {
  if (!ready(t)) return;
  const { engine, child } = await family(t);
  const path = await engine.images.mount('child:1');
  t.is(readFileSync(join(path, 'd/new'), 'utf8'), 'new');
  t.deepEqual(readdirSync(join(path, 'd')), ['kept', 'new']);
  for (const option of ['ro', 'nosuid', 'nodev']) t.true(mountOptions(path)?.includes(option), option);
  t.throws(() => mkdirSync(join(path, 'x')), { code: 'EROFS' });
  t.is(await engine.images.mount(child.id), path);
  t.deepEqual(
    engine.images.mounted().map((mounted) => [mounted.image.id, mounted.path]),
    [[child.id, path]],
  );
  await rejectsWith(t, engine.images.remove(child.id, {}), 'INVALID_ARGUMENT');
  engine.images.untag('child:1', 'child:2');
  await rejectsWith(t, engine.images.remove('child:1'), 'IMAGE_IN_USE');
  t.deepEqual((await engine.images.prune({ all: true })).removed.length, 2, 'the others');
  t.is((await engine.images.check({ repair: true })).problems.length, 0);
  await engine.images.unmount('child:1');
  t.not(mountOptions(path), undefined);
  await engine.images.unmount('child:1');
  t.is(mountOptions(path), undefined);
  t.false(existsSync(path));
  await engine.images.unmount('child:1');
  t.deepEqual(engine.images.mounted(), []);
  await engine.images.mount('child:1');
  await engine.images.mount('child:1');
  await engine.images.unmount('child:1', { force: true });
  t.is(mountOptions(path), undefined);
  await engine.images.mount('child:1');
  await engine.images.remove('child:1', { force: true });
  t.is(mountOptions(path), undefined);
  await rejectsWith(t, engine.images.mount('child:1'), 'NO_SUCH_IMAGE');
});

test('mount: images of one layer, of none, and of very many', async (t) => {
  if (!ready(t)) return;
  const { engine } = await testEngine(t);
  const layers = Array.from({ length: 100 }, (_, index): TestLayer => layerOf([{ path: `f${index}`, content: '' }]));
  const images = { one: [BASE], none: [], many: layers } as const;
  const counts = { one: 2, none: 0, many: 100 };
  for (const [name, parts] of Object.entries(images)) {
    await pull(engine, imageOf({ layers: parts }), name);
    const path = await engine.images.mount(name);
    t.is(readdirSync(path).length, counts[name as keyof typeof counts], name);
    await engine.images.unmount(name);
  }
});

test('mount: one that fails leaves the image unmounted', async (t) => {
  if (!ready(t)) return;
  const { engine, root, child } = await family(t);
  const [layers, hidden] = [join(root, 'layers'), join(root, 'hidden')];
  renameSync(layers, hidden);
  await t.throwsAsync(engine.images.mount('child:1'));
  renameSync(hidden, layers);
  t.deepEqual(readdirSync(join(root, 'mounts')), []);
  engine.images.untag('child:1', 'child:2');
  await engine.images.remove(child.id);
  t.false(engine.images.exists(child.id));
});

test('mount: kill -9 at its failpoints; the next command finds no half of it, and the same command succeeds', async (t) => {
  if (!ready(t)) return;
  takesLong(t);
  const env = await faults(t);
  const tar = join(env.root, '..', 'layer.tar');
  spawnSync('tar', ['-cf', tar, '-C', '/bin', 'busybox']);
  await env.tspod('import', '-q', tar, 'made:1');
  const points = join(env.root, 'mounts');
  const isMounted = () => (existsSync(points) ? readdirSync(points) : []).some((id) => mountOptions(join(points, id)));
  for (const point of IMAGE_MOUNT_FAILPOINTS) {
    const command = point.startsWith('image-mount') ? 'mount' : 'unmount';
    if (command === 'unmount') t.is((await env.tspod('image', 'mount', 'made:1')).status, 0);
    await env.killedAt(point, 'image', command, 'made:1');
    const { stdout } = await env.tspod('image', 'mount');
    t.is(stdout !== '', point === 'image-mounted', `${point}: ${stdout}`);
    t.is(isMounted(), point === 'image-mounted', point);
    if (command === 'mount') t.is((await env.tspod('image', 'mount', 'made:1')).status, 0, point);
    t.is((await env.tspod('image', 'unmount', '--force', 'made:1')).status, 0, point);
    t.false(isMounted(), point);
  }
  t.is((await env.tspod('rmi', 'made:1')).status, 0);
});

test('diff: of an image its uppermost layer; of two what one has else than the other', async (t) => {
  if (!ready(t)) return;
  const { engine } = await family(t);
  const changes = async (...names: [string, string?]) =>
    (await engine.images.diff(...names)).map(({ kind, path }) => `${kind} ${path}`);
  t.deepEqual(await changes('child:1'), ['changed /d', 'deleted /d/gone', 'added /d/new', 'added /top']);
  t.deepEqual(await changes('child:1', 'base:1'), ['changed /d', 'deleted /d/gone', 'added /d/new', 'added /top']);
  t.deepEqual(await changes('base:1', 'child:1'), ['changed /d', 'added /d/gone', 'deleted /d/new', 'deleted /top']);
  t.deepEqual(await changes('child:1', 'other:1'), [
    'changed /d',
    'deleted /d/gone',
    'added /d/new',
    'deleted /other',
    'added /top',
  ]);
  t.deepEqual(await changes('child:1', 'child:2'), []);
  t.deepEqual(await changes('base:1'), ['added /d', 'added /d/gone', 'added /d/kept', 'added /setuid']);
  const stop = AbortSignal.abort();
  await rejectsWith(t, engine.images.diff('child:1', 'base:1', { signal: stop }), 'ABORTED');
  await rejectsWith(t, engine.diff('nothing'), 'NO_SUCH_IMAGE');
});

test('diff: a container against an image, and against another container', async (t) => {
  if (!ready(t)) return;
  const { engine, options } = await testEngine(t);
  await pull(engine, imageOf({ layers: [busyboxLayer(), BASE] }), 'test:1');
  const make = async (script: string) => {
    const made = await engine.containers.create(options({ image: 'test:1', command: ['sh', '-c', script] }));
    await made.start();
    await made.wait();
    return made.id;
  };
  const one = await make('echo 1 > /one; rm /d/gone; echo longer > /d/kept');
  const two = await make('echo 1 > /two');
  const changes = async (what: string, against?: string) =>
    (await engine.diff(what, against)).map(({ kind, path }) => `${kind} ${path}`);
  const own = ['changed /d', 'deleted /d/gone', 'changed /d/kept', 'added /one'];
  t.deepEqual(await changes(one), own);
  t.deepEqual(await changes(one, 'test:1'), own);
  t.deepEqual(await changes('test:1', one), ['changed /d', 'added /d/gone', 'changed /d/kept', 'deleted /one']);
  t.deepEqual(await changes(two, one), [
    'changed /d',
    'added /d/gone',
    'changed /d/kept',
    'deleted /one',
    'added /two',
  ]);
});

test('diskUsage and prune: what is shared counts once, and what is said to be reclaimable is', async (t) => {
  if (!ready(t)) return;
  const { engine, options, root } = await family(t);
  await pull(engine, imageOf({ layers: [busyboxLayer()] }), 'run:1');
  const made = await engine.containers.create(
    options({ image: 'run:1', command: ['sh', '-c', 'head -c 5000 /dev/zero > /big'], labels: { keep: 'me' } }),
  );
  await made.start();
  await made.wait();
  const { writable, root: whole } = await made.sizes();
  t.is(whole, writable + engine.images.get('run:1').size, 'with the files of its image');
  t.deepEqual(engine.containers.list({ all: true, size: true })[0]?.size, { writable, root: whole });
  t.is(made.inspect({ size: true }).SizeRootFs, whole);
  const usage = await engine.diskUsage();
  t.is(usage.images.total, 4);
  t.is(usage.images.active, 1);
  const onDisk = (directory: string) =>
    Number(spawnSync('du', ['-sb', '--apparent-size', directory], { encoding: 'utf8' }).stdout.split('\t')[0]);
  const files = (directory: string): number =>
    readdirSync(directory, { withFileTypes: true, recursive: true })
      .filter((entry) => entry.isFile())
      .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
  const layers = readdirSync(join(root, 'layers')).reduce(
    (sum, id) => sum + files(join(root, 'layers', id, 'diff')),
    0,
  );
  t.is(usage.images.bytes, layers + files(join(root, 'blobs')));
  t.true(onDisk(root) > usage.images.bytes);
  const child = usage.images.items.find(({ image }) => image.names.includes('localhost/child:1'));
  t.deepEqual([child?.shared, child?.unique], ['xkept#!/bin/sh'.length, 'newupon'.length]);
  t.deepEqual(
    [usage.containers.total, usage.containers.active, usage.containers.bytes],
    [1, 0, (await made.sizes()).writable],
  );
  const kept = await engine.prune({ filters: { label: ['other'] } });
  t.deepEqual([kept.containers.done, kept.images.removed, kept.reclaimed], [[], [], 0]);
  const pruned = await engine.prune({ all: true });
  t.deepEqual(pruned.containers.done, [made.id]);
  t.is(pruned.images.removed.length, 4);
  t.true(pruned.reclaimed > 5000);
  const after = await engine.diskUsage();
  t.deepEqual([after.images.bytes, after.containers.total], [0, 0]);
  t.is(files(join(root, 'blobs')), 0);
});

test('prune: a filter that one of the kinds has not is refused before anything is removed', async (t) => {
  if (!ready(t)) return;
  const { engine, options } = await family(t);
  const { id } = await engine.containers.create(options({ command: ['true'], labels: { keep: 'me' } }));
  for (const filters of [{ status: ['created'] }, { name: ['.'] }, { nonsense: ['x'] }, { until: ['never'] }])
    await rejectsWith(t, engine.prune({ filters }), 'INVALID_ARGUMENT');
  t.true(engine.containers.exists(id));
  const filters = { label: ['keep=me'], name: [] };
  t.deepEqual((await engine.prune({ filters })).containers.done, [id]);
});

test('tree: the layers of an image, and what lies upon it in others', async (t) => {
  if (!ready(t)) return;
  const { engine } = await family(t);
  const { layers } = engine.images.tree('child:1');
  t.deepEqual(
    layers.map(({ names }) => names),
    [['localhost/base:1'], ['localhost/child:1', 'localhost/child:2']],
  );
  const [base, ...none] = engine.images.tree('base:1', { children: true }).layers;
  t.deepEqual(none, []);
  t.deepEqual(base?.children.map(({ names }) => names.length).toSorted(), [1, 2]);
  t.throws(() => engine.images.tree('nothing'), { code: 'NO_SUCH_IMAGE' });
});

/** The same images by the command line: made from archives, since it takes no sources. */
async function imported(t: ExecutionContext<unknown>): Promise<void> {
  const store = storeOf(t);
  const tar = join(store.root, 'layer.tar');
  spawnSync('tar', ['-cf', tar, '-C', '/bin', 'busybox']);
  await run(t, 0, 'import', '-q', tar, 'base:1');
  await run(t, 0, 'create', '--name', 'maker', 'base:1', 'x');
  await run(t, 0, 'cp', '/etc/hostname', 'maker:/new');
  await run(t, 0, 'commit', '-q', 'maker', 'child:1');
  await run(t, 0, 'tag', 'child:1', 'child:2');
}

test('the command line: image mount, unmount, tree and diff, and diff of anything', async (t) => {
  if (!ready(t)) return;
  await imported(t);
  const out = async (...args: string[]) => (await run(t, 0, ...args)).stdout;
  const id = (await out('images', '-q', '--no-trunc', 'child:1')).trim().replace('sha256:', '');
  const path = (await out('image', 'mount', 'child:1')).trim();
  t.is(path, join(storeOf(t).root, 'mounts', id));
  t.deepEqual(readdirSync(path), ['busybox', 'new']);
  t.is(await out('image', 'mount'), `localhost/child:1  ${path}\n`);
  t.like(JSON.parse(await out('image', 'mount', '--format', 'json')), [
    { id, Repositories: ['localhost/child:1', 'localhost/child:2'], mountpoint: path },
  ]);
  t.is((await out('image', 'mount', '--all')).split('\n').length, 3);
  const inUse = await run(t, 2, 'rmi', 'base:1');
  t.regex(inUse.stderr, /in use/);
  t.is(await out('image', 'unmount', 'child:1'), `${id}\n`);
  t.is(await out('image', 'umount', '--all', '--force').then((text) => text.split('\n').length), 3);
  t.is(await out('image', 'unmount', 'child:1'), '');
  t.regex((await run(t, 125, 'image', 'unmount')).stderr, /image name or ID must be specified/);
  t.regex((await run(t, 125, 'image', 'mount', 'nothing')).stderr, /nothing: image not known/);
  const tree = (await out('image', 'tree', 'child:1')).split('\n');
  t.is(tree[0], `Image ID: ${id.slice(0, 12)}`);
  t.is(tree[1], 'Tags:     [localhost/child:1 localhost/child:2]');
  t.is(tree[3], 'Image Layers');
  t.regex(tree[4] ?? '', /^├── ID: [0-9a-f]{12} Size: \S+ Top Layer of: \[localhost\/base:1\]$/);
  t.regex(tree[5] ?? '', /^└── ID: [0-9a-f]{12} Size: +\S+ Top Layer of: \[localhost\/child:1 localhost\/child:2\]$/);
  t.regex(await out('image', 'tree', '--whatrequires', 'base:1'), /├── .*base:1\]\n└── .*child:1 /);
  t.is(await out('image', 'diff', 'child:1'), 'A /new\n');
  t.is(await out('diff', 'child:1'), 'A /new\n');
  t.is(await out('diff', 'base:1', 'maker'), 'D /new\n');
  t.is(await out('container', 'diff', 'maker'), 'A /new\n');
  t.is(
    await out('image', 'diff', '--format', 'json', 'child:1', 'base:1'),
    '{\n     "added": [\n          "/new"\n     ]\n}\n',
  );
  t.regex((await run(t, 125, 'image', 'diff', 'nothing')).stderr, /nothing not found: nothing: image not known/);
  t.regex((await run(t, 125, 'diff', 'nothing')).stderr, /nothing not found: layer not known/);
  t.regex((await run(t, 125, 'container', 'diff', 'child:1')).stderr, /no container with name or ID "child:1" found/);
});

test('the command line: system df and system prune', async (t) => {
  if (!ready(t)) return;
  await imported(t);
  const out = async (...args: string[]) => (await run(t, 0, ...args)).stdout;
  const lines = (await out('system', 'df')).split('\n');
  t.is(lines[0], 'TYPE           TOTAL       ACTIVE      SIZE        RECLAIMABLE');
  t.regex(lines[1] ?? '', /^Images {9}2 {11}1 {11}\S+ +\S+B \(\d+%\)$/);
  t.regex(lines[2] ?? '', /^Containers {5}1 {11}0 {11}\S+B +\S+B \(100%\)$/);
  t.is(lines[3], 'Local Volumes  0           0           0B          0B (0%)');
  const [images] = JSON.parse(await out('system', 'df', '--format', 'json')) as [{ RawSize: number; Size: string }];
  t.true(images.RawSize > 1_000_000);
  t.is(
    await out('system', 'df', '--format', '{{.Type}} {{.Size}}'),
    `Images ${images.Size}\nContainers ${lines[2]?.split(/ +/)[3]}\nLocal Volumes 0B\n`,
  );
  const verbose = await out('system', 'df', '-v');
  t.regex(verbose, /^REPOSITORY +TAG +IMAGE ID +CREATED +SIZE +SHARED SIZE +UNIQUE SIZE +CONTAINERS$/m);
  t.regex(verbose, /^localhost\/child +2 /m);
  t.regex(verbose, /^CONTAINER ID +IMAGE +COMMAND +LOCAL VOLUMES +SIZE +CREATED +STATUS +NAMES$/m);
  const parsed = JSON.parse(await out('system', 'df', '-v', '--format', 'json')) as {
    readonly Images: readonly { readonly ImageID: string; readonly Size: number }[];
    readonly Containers: readonly { readonly Image: string }[];
  };
  t.is(parsed.Images.length, 3);
  const maker = await out('inspect', '--format', '{{.Image}}', 'maker');
  t.is(parsed.Containers[0]?.Image, maker.trim());
  t.regex(verbose, new RegExp(`^[0-9a-f]{12} +${maker.slice(0, 12)} +x +0 `, 'm'));
  const { Size: bytes = 0 } = parsed.Images.find(({ ImageID }) => ImageID === maker.trim()) ?? {};
  t.regex(verbose, new RegExp(`^localhost/base .* ${String(Number((bytes / 1e6).toPrecision(4)))}MB `, 'm'));
  t.regex((await run(t, 125, 'system', 'df', '-v', '--format', '{{.Type}}')).stderr, /cannot combine/);
  const asked = await runWith(t, { input: 'n\n' }, 0, 'system', 'prune');
  t.is(
    asked.stdout,
    'WARNING! This command removes:\n\t- all stopped containers\n\t- all networks not used by at least one container\n\t- all dangling images\n\nAre you sure you want to continue? [y/N] ',
  );
  t.regex((await run(t, 125, 'system', 'prune', '-f', '--filter', 'foo=bar')).stderr, /foo is an invalid filter/);
  const id = (await out('ps', '-aq', '--no-trunc')).trim();
  t.regex(
    await out('system', 'prune', '-f'),
    new RegExp(`^Deleted Containers\\n${id}\\nTotal reclaimed space: \\S+\\n$`),
  );
  t.regex(
    await out('system', 'prune', '-af'),
    /^Deleted Images\n[0-9a-f]{64}\n[0-9a-f]{64}\nTotal reclaimed space: \S+MB\n$/,
  );
  t.is(await out('system', 'prune', '-f'), 'Total reclaimed space: 0B\n');
});
