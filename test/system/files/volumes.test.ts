/** Volumes: what containers see of them, who owns what is in them, what is copied into them, and when they go. */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
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
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import test, { type ExecutionContext } from 'ava';

import { openEngine, type CreateOptions, type MountOptions } from '../../../src/index.js';
import { NativeError } from '../../../src/native/native-error.js';
import { storePaths } from '../../../src/storage/paths.js';
import { encodeHeader } from '../../../src/tar/encode.js';
import { busyboxRoot } from '../../helpers/busybox.js';
import { rejectsWith, testEngine, type TestEngine } from '../../helpers/engine.js';
import { busyboxLayer, imageOf, layerOf, sourceOf, tarOf, type Entry } from '../../helpers/layers.js';
import { requires } from '../../helpers/requires.js';
import { temporaryDirectory } from '../../helpers/temp.js';

const ready = (t: ExecutionContext<unknown>) => requires(t, 'root', 'busybox', 'overlay');

const MAPS = {
  uidMaps: [{ containerId: 0, hostId: 100_000, size: 65_536 }],
  gidMaps: [{ containerId: 0, hostId: 200_000, size: 65_536 }],
};

interface Env extends TestEngine {
  /** Runs a shell script in a container that is removed at its end; what it prints. */
  readonly sh: (script: string, mounts: readonly MountOptions[], more?: CreateOptions) => Promise<string>;
  /** A path in a volume, on the machine. */
  readonly inside: (volume: string, path?: string) => string;
}

/** With an image that has these files, and is called test:1. */
async function withFiles(t: ExecutionContext<unknown>, entries: readonly Entry[] = []): Promise<Env> {
  const env = await testEngine(t);
  await env.engine.images.pull(sourceOf(imageOf({ layers: [busyboxLayer(), layerOf(entries)] })), { name: 'test:1' });
  const sh: Env['sh'] = async (script, mounts, more = {}) => {
    const options = env.options({
      ...(more.rootfs === undefined ? { image: 'test:1' } : {}),
      ...more,
      mounts,
      command: ['sh', '-c', script],
    });
    const { stdout, stderr } = await env.engine.run(options);
    return stdout + stderr;
  };
  return { ...env, sh, inside: (volume, path = '') => join(env.root, 'volumes', volume, '_data', path) };
}

const volume = (source: string, target: string, ...options: string[]): MountOptions => ({
  type: 'volume',
  source,
  target,
  options,
});

test('a volume is made when it is first used, shared by containers, and outlives them', async (t) => {
  if (!ready(t)) return;
  const { engine, options, sh, inside } = await withFiles(t);
  const asleep = await engine.containers.create(
    options({ image: 'test:1', mounts: [volume('data', '/a')], command: ['sleep', '1000'] }),
  );
  await asleep.start();
  t.is(await sh('echo one > /b/f; cat /b/f', [volume('data', '/b')]), 'one\n');
  t.is((await asleep.exec({ command: ['sh', '-c', 'cat /a/f; echo two > /a/f'] })).stdout, 'one\n');
  t.is(await sh('cat /c/f; touch /c/x', [volume('data', '/c', 'ro')]), 'two\ntouch: /c/x: Read-only file system\n');
  t.regex(await sh('grep " /c " /proc/mounts', [volume('data', '/c', 'noexec')]), /nosuid,nodev,noexec/);
  t.like(engine.volumes.inspect('data'), { Name: 'data', MountCount: 1, Mountpoint: inside('data') });
  await asleep.remove({ force: true, timeoutSec: 0, volumes: true });
  t.is(readFileSync(inside('data', 'f'), 'utf8'), 'two\n');
  t.is(await sh('cat /d/f', [volume('data', '/d')]), 'two\n');
  t.deepEqual(statSync(join(inside('data'), '..')).mode & 0o777, 0o700);
});

test('an empty volume gets what the image has at its place, once', async (t) => {
  if (!ready(t)) return;
  const { engine, sh, inside } = await withFiles(t, [
    { path: 'data', type: 'directory', mode: 0o1750, uid: 1000, gid: 1001 },
    { path: 'data/f', content: 'from the image', uid: 7, mode: 0o600 },
    { path: 'data/sub', type: 'directory', mode: 0o700 },
    { path: 'data/sub/link', type: 'symlink', target: '/etc/passwd' },
    { path: 'empty', type: 'directory', mode: 0o711, uid: 5 },
    { path: 'file', content: 'no directory' },
  ]);
  const stat = 'stat -c "%a %u %g"';
  t.is(
    await sh(`${stat} /data /data/f; readlink /data/sub/link`, [volume('v', '/data')]),
    '1750 1000 1001\n600 7 0\n/etc/passwd\n',
  );
  t.false(existsSync(join(inside('v'), '../_data.new')));
  t.is(await sh('rm -r /data/* ; ls /data', [volume('v', '/data')]), '');
  t.is(await sh('ls /data', [volume('v', '/data')]), '', 'not a second time');
  t.is(await sh('ls /data', [volume('plain', '/data', 'nocopy')]), '');
  t.is(
    await sh(`${stat} /data; ls /data`, [volume('plain', '/data')]),
    '1750 1000 1001\nf\nsub\n',
    'by another that wants it',
  );
  t.is(await sh(`${stat} /empty`, [volume('e', '/empty')]), '711 5 0\n');
  t.is(await sh(`${stat} /none`, [volume('n', '/none')], { user: '12:13' }), '755 12 13\n', 'as the container’s user');
  await engine.volumes.create({ name: 'own', uid: 77, gid: 78 });
  t.is(await sh(`${stat} /data; ls /data`, [volume('own', '/data')]), '755 77 78\nf\nsub\n');
  await engine.volumes.create({ name: 'never', options: { o: 'nocopy,uid=3' } });
  t.is(await sh(`${stat} /data; ls /data`, [volume('never', '/data')]), '755 3 0\n');
  await engine.volumes.create({ name: 'full' });
  writeFileSync(inside('full', 'mine'), '');
  t.is(await sh('ls /data', [volume('full', '/data')]), 'mine\n', 'one that has something is left as it is');
});

test('a root directory is copied from as well, the machine’s own system is not', async (t) => {
  if (!ready(t)) return;
  const { sh } = await withFiles(t);
  const rootfs = busyboxRoot(t);
  const withOwnFiles = 'group\nhostname\nhosts\nmotd\npasswd\n';
  t.is(await sh('ls /etc', [volume('a', '/etc')], { rootfs }), withOwnFiles);
  t.is(await sh('ls /usr/share', [volume('c', '/usr/share')], { image: 'host:' }), '');
});

test('what an image has at the place of a volume never leads out of the container', async (t) => {
  if (!ready(t)) return;
  const outside = temporaryDirectory(t);
  writeFileSync(join(outside, 'secret'), 'of the host');
  const { sh, inside } = await withFiles(t, [
    { path: 'etc/inner', content: 'x' },
    { path: 'abs', type: 'symlink', target: '/etc' },
    { path: 'out', type: 'symlink', target: outside },
    { path: 'up', type: 'symlink', target: `../../../..${outside}` },
    { path: 'deep', type: 'directory' },
    { path: 'deep/out', type: 'symlink', target: outside },
  ]);
  t.is(
    await sh('ls /etc/inner; cat /proc/mounts | grep -c " /etc "', [volume('abs', '/abs')]),
    '/etc/inner\n1\n',
    'mounted inside',
  );
  for (const target of ['/out', '/up', '/deep/out/x']) {
    await sh('true', [volume('v', target)]);
    t.deepEqual(readdirSync(inside('v')), [], target);
  }
  t.deepEqual(readdirSync(outside), ['secret']);
  await sh('true', [volume('deep', '/deep')]);
  t.deepEqual(readdirSync(inside('deep')), ['out'], 'a link is copied as one');
});

test('with a user namespace what is copied belongs to the container’s users, or is shifted', async (t) => {
  if (!requires(t, 'root', 'busybox', 'overlay', 'userns')) return;
  const { sh, inside } = await withFiles(t, [
    { path: 'data', type: 'directory', uid: 1000, gid: 1000 },
    { path: 'data/f', content: '', uid: 5 },
  ]);
  const script = 'stat -c %u:%g /data /data/f; touch /data/made && stat -c %u /data/made';
  const owners = (name: string) => ['', 'f', 'made'].map((path) => statSync(inside(name, path)).uid);
  t.is(await sh(script, [volume('v', '/data')], MAPS), '1000:1000\n5:0\n0\n');
  t.deepEqual(owners('v'), [101_000, 100_005, 100_000]);
  t.is(await sh(script, [volume('shifted', '/data', 'idmap')], MAPS), '1000:1000\n5:0\n0\n');
  t.deepEqual(owners('shifted'), [1000, 5, 0]);
  t.is(await sh('stat -c %u:%g /none', [volume('n', '/none')], MAPS), '0:0\n');
});

test('anonymous volumes go with --rm and with volumes: true, unless another container has them', async (t) => {
  if (!ready(t)) return;
  const { engine, options, sh } = await withFiles(t);
  const anonymous: MountOptions = { type: 'volume', target: '/anon' };
  t.is(await sh('touch /anon/x; ls /anon', [anonymous]), 'x\n');
  t.deepEqual(engine.volumes.list(), []);
  const make = (more: CreateOptions) =>
    engine.containers.create(
      options({ image: 'test:1', command: ['sh', '-c', 'echo x >> /anon/f; cat /anon/f'], ...more }),
    );
  const one = await make({ mounts: [anonymous, volume('named', '/named')] });
  const [name = '', ...none] = engine.volumes.list({ filters: { anonymous: ['true'] } }).map((found) => found.name);
  t.deepEqual(none, []);
  t.regex(name, /^[0-9a-f]{64}$/);
  t.like(one.inspect().Mounts, [
    { Type: 'volume', Name: name, Destination: '/anon', Driver: 'local', RW: true, Propagation: 'rprivate' },
    { Type: 'volume', Name: 'named', Destination: '/named' },
  ]);
  const clone = await engine.containers.clone(one.id);
  t.not(clone.inspect().Mounts[0]?.Name, name, 'a clone has its own');
  t.is(clone.inspect().Mounts[1]?.Name, 'named');
  const sharing = await make({ volumesFrom: [one.id] });
  for (const container of [one, sharing]) {
    await container.start();
    await container.wait();
  }
  t.is(readFileSync(join(engine.volumes.get(name).mountpoint, 'f'), 'utf8'), 'x\nx\n');
  t.deepEqual(engine.volumes.get(name).containers, [one.id, sharing.id]);
  await one.remove({ volumes: true });
  t.true(engine.volumes.exists(name), 'the other one has it');
  await clone.remove();
  t.is(engine.volumes.list({ filters: { anonymous: ['true'] } }).length, 2, 'without volumes it stays');
  await sharing.remove({ volumes: true });
  t.false(engine.volumes.exists(name));
  t.deepEqual((await engine.volumes.prune()).done.length, 1);
  t.deepEqual(
    engine.volumes.list().map((found) => found.name),
    ['named'],
  );
  await rejectsWith(
    t,
    engine.run(options({ image: 'test:1', mounts: [anonymous], command: ['/none'] })),
    'COMMAND_NOT_FOUND',
  );
  t.deepEqual(engine.volumes.list().length, 1, 'nothing is left of a launch that failed');
});

test('a launch that fails takes none of the volumes along that there were before', async (t) => {
  if (!ready(t)) return;
  const { engine, options } = await withFiles(t);
  const anonymous: MountOptions = { type: 'volume', target: '/anon' };
  const first = await engine.containers.create(options({ image: 'test:1', mounts: [anonymous], command: ['true'] }));
  const [{ name, mountpoint } = { name: '', mountpoint: '' }] = engine.volumes.list();
  writeFileSync(join(mountpoint, 'f'), 'precious');
  const fails = (more: CreateOptions) =>
    rejectsWith(t, engine.run(options({ image: 'test:1', command: ['/none'], ...more })), 'COMMAND_NOT_FOUND');
  await fails({ volumesFrom: [first.id], autoRemove: false });
  await first.remove();
  for (const autoRemove of [true, false]) await fails({ mounts: [volume(name, '/data'), anonymous], autoRemove });
  t.deepEqual(
    engine.volumes.list().map((found) => found.name),
    [name],
    'but the one that was made for it',
  );
  t.is(readFileSync(join(mountpoint, 'f'), 'utf8'), 'precious');
});

test('volumes in use are not removed without force; prune spares them', async (t) => {
  if (!ready(t)) return;
  const { engine, options, root } = await withFiles(t);
  const { volumes } = engine;
  await volumes.create({ name: 'free', labels: { a: 'b' } });
  await volumes.create({ name: 'other' });
  const container = await engine.containers.create(
    options({ image: 'test:1', mounts: [volume('used', '/v')], command: ['sleep', '1000'] }),
  );
  await container.start();
  t.is(
    await rejectsWith(t, volumes.remove('used'), 'VOLUME_IN_USE'),
    `volume used is being used by the following container(s): ${container.id}: volume is being used`,
  );
  t.is(
    await rejectsWith(t, volumes.remove('none'), 'NO_SUCH_VOLUME'),
    'no volume with name "none" found: no such volume',
  );
  t.is(
    await rejectsWith(t, volumes.create({ name: 'free' }), 'VOLUME_EXISTS'),
    'volume with name free already exists: volume already exists',
  );
  t.deepEqual((await volumes.create({ name: 'free', ignoreExisting: true })).labels, { a: 'b' });
  t.deepEqual((await volumes.prune()).done, [], 'named ones stay');
  t.deepEqual((await volumes.prune({ all: true, dryRun: true })).done, ['free', 'other']);
  t.deepEqual((await volumes.prune({ all: true, filters: { 'label!': ['a'] } })).done, ['other']);
  t.deepEqual((await volumes.prune({ all: true })).done, ['free']);
  await volumes.create({ name: 'free-2' });
  t.false(volumes.exists('free'), 'no beginnings');
  await rejectsWith(t, volumes.remove('free', { exact: true }), 'NO_SUCH_VOLUME');
  await volumes.remove('free');
  await volumes.remove('used', { force: true, timeoutSec: 0 });
  t.false(engine.containers.exists(container.id));
  t.deepEqual(readdirSync(join(root, 'volumes')), ['.gone']);
  t.deepEqual(readdirSync(join(root, 'volumes/.gone')), []);
});

test('remove with force: nothing goes where others depend on a container that has the volume', async (t) => {
  if (!ready(t)) return;
  const { engine, options } = await withFiles(t);
  const has = { mounts: [volume('used', '/v')] };
  const run = async (more: CreateOptions) => {
    const container = await engine.containers.create(
      options({ command: ['sleep', '1000'], stopTimeoutSec: 0, ...more }),
    );
    await container.start();
    return container;
  };
  const base = await run({ ...has, name: 'base' });
  const above = await run({ network: 'container:base' });
  const containers = [base, above, await run({ ...has, ipc: 'container:base' })];
  await rejectsWith(t, engine.volumes.remove('used', { force: true }), 'HAS_DEPENDENTS');
  for (const container of containers) t.is(container.state().status, 'running');
  await above.remove({ force: true });
  await engine.volumes.remove('used', { force: true });
  t.deepEqual(engine.containers.list({ all: true }), []);
});

test('names and options that must not be are refused', async (t) => {
  if (!ready(t)) return;
  const { engine, sh, root } = await withFiles(t);
  for (const name of ['..', '.', '.gone', '-x', 'a/b', '../x', 'a\nb', 'a\0', 'ü', '', 'x'.repeat(256)]) {
    await rejectsWith(t, engine.volumes.create({ name }), 'INVALID_ARGUMENT');
    await rejectsWith(t, sh('true', [volume(name, '/v')]), 'INVALID_ARGUMENT');
    await rejectsWith(t, engine.volumes.remove(name), 'NO_SUCH_VOLUME');
  }
  for (const given of [
    { size: '1m' },
    { o: 'size=1m' },
    { foo: 'bar' },
    { type: 'tmpfs', device: 'tmpfs' },
    { device: '/tmp' },
    { type: 'none', o: 'bind', device: 'rel' },
  ])
    await rejectsWith(t, engine.volumes.create({ name: 'v', options: given }), 'INVALID_ARGUMENT');
  await rejectsWith(t, engine.volumes.create({ name: 'v', driver: 'nfs' }), 'INVALID_ARGUMENT');
  await t.throwsAsync(engine.volumes.create({ nam: 'v' } as object), { instanceOf: TypeError });
  t.deepEqual(engine.volumes.list(), []);
  t.false(existsSync(join(root, 'volumes')));
});

test('a volume can be a directory of the host', async (t) => {
  if (!ready(t)) return;
  const { engine, sh } = await withFiles(t, [{ path: 'data/f', content: 'of the image' }]);
  const device = temporaryDirectory(t);
  await engine.volumes.create({ name: 'host', options: { type: 'none', o: 'bind,ro', device } });
  writeFileSync(join(device, 'mine'), 'x');
  t.is(await sh('ls /data; touch /data/y', [volume('host', '/data')]), 'mine\ntouch: /data/y: Read-only file system\n');
  t.is(await sh('touch /data/y', [volume('host', '/data', 'rw')]), '');
  await engine.volumes.remove('host');
  t.deepEqual(readdirSync(device), ['mine', 'y']);
});

test('export and import: archives out of a volume and into one, and never beside it', async (t) => {
  if (!ready(t)) return;
  const { engine, sh, inside } = await withFiles(t);
  await sh('echo one > /v/f; mkdir /v/d; ln -s /etc /v/l; chown 5:6 /v/f', [volume('from', '/v')]);
  const archive = await buffer(await engine.volumes.export('from'));
  await engine.volumes.create({ name: 'to' });
  writeFileSync(inside('to', 'kept'), '');
  await engine.volumes.import('to', Readable.from([archive]));
  t.is(
    await sh('cat /v/f; readlink /v/l; stat -c %u:%g /v/f; ls /v', [volume('to', '/v')]),
    'one\n/etc\n5:6\nd\nf\nkept\nl\n',
  );
  const outside = temporaryDirectory(t);
  const hostile: readonly (readonly Entry[])[] = [
    [{ path: '../evil', content: 'x' }],
    [
      { path: 'esc', type: 'symlink', target: outside },
      { path: 'esc/evil', content: 'x' },
    ],
    [
      { path: 'up', type: 'symlink', target: '..' },
      { path: 'up/evil', content: 'x' },
    ],
  ];
  for (const entries of hostile) await t.throwsAsync(engine.volumes.import('to', Readable.from([tarOf(entries)])));
  symlinkSync(outside, inside('to', 'dir'));
  await t.throwsAsync(engine.volumes.import('to', Readable.from([tarOf([{ path: 'dir/evil', content: 'x' }])])));
  t.deepEqual(readdirSync(outside), []);
  t.deepEqual(readdirSync(join(inside('to'), '..')).toSorted(), ['_data', 'lock']);
  await rejectsWith(t, engine.volumes.import('to', join(outside, 'none')), 'NO_SUCH_FILE');
  await rejectsWith(t, engine.volumes.import('none', Readable.from([archive])), 'NO_SUCH_VOLUME');
});

test('import: what is no archive is refused as an archive; a directory is, before the volume counts as filled', async (t) => {
  if (!ready(t)) return;
  const { engine, inside } = await withFiles(t);
  await engine.volumes.create({ name: 'to' });
  const message = await rejectsWith(t, engine.volumes.import('to', temporaryDirectory(t)), 'INVALID_ARGUMENT');
  t.regex(message, /is a directory, not an archive/);
  t.true(engine.volumes.inspect('to').NeedsCopyUp);
  const whole = gzipSync(tarOf([{ path: 'f', content: 'x'.repeat(5000) }]));
  const header = { path: 'f', type: 'file', mode: 0o644, uid: 0, gid: 0, size: 3 * 1024 ** 3 } as const;
  const none = { mtimeSec: 0, mtimeNsec: 0, target: '', major: 0, minor: 0, xattrs: new Map<string, Buffer>() };
  const zeros = gzipSync(Buffer.alloc(256 * 1024 ** 2));
  const bomb = [gzipSync(encodeHeader({ ...header, ...none })), ...Array<Buffer>(12).fill(zeros)];
  const broken: Readonly<Record<string, Readable>> = {
    'cut off': Readable.from([whole.subarray(0, whole.length - 20)]),
    'no gzip': Readable.from([Buffer.from([0x1f, 0x8b, 0, 0, 0, 0])]),
    'no zstd': Readable.from([Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0xff, 0xff, 0xff, 0xff])]),
    'a bomb': Readable.from(bomb),
  };
  for (const [what, archive] of Object.entries(broken)) {
    const said = await rejectsWith(t, engine.volumes.import('to', archive), 'BAD_ARCHIVE');
    t.regex(said, /archive/, what);
    t.notRegex(said, /layer/, what);
  }
  const xz = Readable.from([Buffer.from('\xfd7zXZ\0\0\x04\xe6\xd6', 'latin1')]);
  t.regex(await rejectsWith(t, engine.volumes.import('to', xz), 'NOT_SUPPORTED'), /archive is compressed with xz/);
  t.true(existsSync(inside('to')));
});

test('import: a backup into a new volume is for the user of the image, whose directory gives the owner', async (t) => {
  if (!ready(t)) return;
  const { engine, sh, inside } = await withFiles(t, [
    { path: 'db', type: 'directory', mode: 0o700, uid: 70, gid: 71 },
    { path: 'db/of-image', content: 'x', uid: 70 },
  ]);
  const write = 'echo more >> /db/f; cat /db/f; ls /db; stat -c "%a %u %g" /db';
  await sh('echo one > /db/f; rm /db/of-image', [volume('db', '/db')], { user: '70:71' });
  const backup = await buffer(await engine.volumes.export('db'));
  await engine.volumes.create({ name: 'restored' });
  await engine.volumes.import('restored', Readable.from([backup]));
  t.is(await sh(write, [volume('restored', '/db')], { user: '70:71' }), 'one\nmore\nf\n700 70 71\n');
  await engine.volumes.create({ name: 'given', uid: 5 });
  await engine.volumes.import('given', Readable.from([backup]));
  t.is(await sh('ls /db; stat -c "%a %u" /db', [volume('given', '/db')]), 'f\n755 5\n');
  await engine.volumes.create({ name: 'by-hand' });
  writeFileSync(inside('by-hand', 'mine'), '');
  chmodSync(inside('by-hand'), 0o750);
  t.is(await sh('ls /db; stat -c "%a %u" /db', [volume('by-hand', '/db')]), 'mine\n750 0\n');
});

test('check finds directories without volumes and volumes without directories', async (t) => {
  if (!ready(t)) return;
  const { engine, root, inside } = await withFiles(t);
  await engine.volumes.create({ name: 'lost', uid: 9 });
  rmSync(join(root, 'volumes/lost'), { recursive: true });
  mkdirSync(inside('stray'), { recursive: true });
  writeFileSync(inside('stray', 'f'), 'precious');
  chownSync(inside('stray'), 7, 8);
  for (const other of ['lost+found', '.other']) mkdirSync(join(root, 'volumes', other));
  writeFileSync(join(root, 'volumes/file'), '');
  const found = await engine.volumes.check();
  t.deepEqual(found, {
    problems: ['the directory of volume lost is missing', 'stray in the volume directory belongs to no volume'],
    repaired: false,
  });
  t.true((await engine.volumes.check({ repair: true })).repaired);
  t.deepEqual(await engine.volumes.check(), { problems: [], repaired: true });
  t.is(statSync(inside('lost')).uid, 9);
  t.like(engine.volumes.inspect('stray'), { Name: 'stray', UID: 7, GID: 8 });
  t.false(engine.volumes.get('stray').anonymous);
  t.is(readFileSync(inside('stray', 'f'), 'utf8'), 'precious');
  t.deepEqual(readdirSync(join(root, 'volumes')).toSorted(), [
    '.gone',
    '.other',
    'file',
    'lost',
    'lost+found',
    'stray',
  ]);
});

test('volumes without a database are no new store', async (t) => {
  const root = temporaryDirectory(t);
  const opening = { root: join(root, 'root'), runRoot: join(root, 'run') };
  mkdirSync(join(opening.root, 'volumes/lost+found'), { recursive: true });
  await (await openEngine(opening)).close();
  mkdirSync(join(opening.root, 'volumes/v/_data'), { recursive: true });
  await (await openEngine(opening)).close();
  rmSync(storePaths(opening).database);
  t.regex(
    await rejectsWith(t, openEngine(opening), 'STORE_BROKEN'),
    /volumes holds volumes: run "tspod system check --repair"$/,
  );
});

test('a directory that cannot be made fails the launch, and not the creation', async (t) => {
  if (!ready(t)) return;
  const { engine, options, root, sh } = await withFiles(t);
  writeFileSync(join(root, 'volumes'), 'in the way');
  const mounts = [volume('v', '/v')];
  const container = await engine.containers.create(options({ image: 'test:1', mounts, command: ['true'] }));
  await t.throwsAsync(container.start(), { message: /volumes/ });
  await t.throwsAsync(sh('true', mounts), { message: /volumes/ });
  t.deepEqual(
    engine.containers.list({ all: true }).map(({ id }) => id),
    [container.id],
    'nothing is left of the other one',
  );
  rmSync(join(root, 'volumes'));
  await container.start();
  t.is(await container.wait(), 0);
});

test('a tree that cannot be removed fails its removal, and nothing that comes after', async (t) => {
  if (!ready(t)) return;
  const { engine, options, reopen, root, inside } = await withFiles(t);
  const gone = join(root, 'volumes/.gone');
  await engine.volumes.create({ name: 'stuck' });
  await engine.volumes.create({ name: 'other' });
  const mounted = inside('stuck', 'mnt');
  mkdirSync(mounted);
  execFileSync('mount', ['-t', 'tmpfs', 'tspod-test', mounted]);
  t.teardown(() => {
    for (const name of readdirSync(gone)) execFileSync('umount', [join(gone, name, '_data/mnt')]);
  });
  const error = await t.throwsAsync(engine.volumes.remove('stuck'), { instanceOf: NativeError });
  t.regex(error.code, /^(EBUSY|EXDEV)$/);
  t.is(readdirSync(gone).length, 1);
  await engine.volumes.remove('other');
  const another = await reopen();
  t.deepEqual(another.volumes.list(), []);
  await another.volumes.create({ name: 'stuck' });
  t.is(
    (await another.run(options({ mounts: [volume('stuck', '/v')], image: 'test:1', command: ['ls', '/v'] }))).stdout,
    '',
  );
  const seen: string[] = [];
  for await (const { status, name } of engine.events({ filters: { type: ['volume'], event: ['remove'] } }))
    seen.push(`${status} ${name}`);
  t.deepEqual(seen, ['remove stuck', 'remove other']);
});

test('list: filters; events; what system df and prune say of volumes', async (t) => {
  if (!ready(t)) return;
  const { engine, options, inside } = await withFiles(t);
  const { volumes } = engine;
  await volumes.create({ name: 'aa', labels: { x: '1' }, options: { o: 'uid=5' } });
  await engine.containers.create(
    options({ image: 'test:1', name: 'c', mounts: [volume('bb', '/v')], command: ['true'] }),
  );
  writeFileSync(inside('aa', 'f'), '12345');
  const names = (filters: Record<string, string[]>) => volumes.list({ filters }).map(({ name }) => name);
  t.deepEqual(names({}), ['aa', 'bb']);
  t.deepEqual(names({ name: ['^a'] }), ['aa']);
  t.deepEqual(names({ label: ['x=1'] }), ['aa']);
  t.deepEqual(names({ 'label!': ['x'] }), ['bb']);
  t.deepEqual(names({ dangling: ['true'] }), ['aa']);
  t.deepEqual(names({ dangling: ['false'] }), ['bb']);
  t.deepEqual(names({ opt: ['o'] }), ['aa']);
  t.deepEqual(names({ opt: ['o=uid=6'] }), []);
  t.deepEqual(names({ driver: ['local'], scope: ['local'], anonymous: ['false'] }), ['aa', 'bb']);
  t.deepEqual(names({ after: ['aa'] }), ['bb']);
  t.deepEqual(names({ until: ['2001-01-01'] }), []);
  t.throws(() => names({ foo: ['x'] }), { message: '"foo" is an invalid volume filter' });
  t.throws(() => names({ dangling: ['maybe'] }), { code: 'INVALID_ARGUMENT' });
  const listed = (value: string) => engine.containers.list({ all: true, filters: { volume: [value] } }).length;
  t.deepEqual(['bb', '/v', 'bb:/v', 'aa', 'bb:/w'].map(listed), [1, 1, 1, 0, 0]);
  t.like((await engine.diskUsage()).volumes, { total: 2, active: 1, bytes: 5, reclaimable: 5 });
  t.deepEqual((await engine.prune({ volumes: true, filters: { label: ['x'] } })).volumes.done, ['aa']);
  t.is((await engine.prune()).volumes.done.length, 0);
  t.is((await engine.prune({ volumes: true })).volumes.done.length, 1);
  const seen: string[] = [];
  for await (const { status, name } of engine.events({ filters: { type: ['volume'] } })) seen.push(`${status} ${name}`);
  t.deepEqual(seen, ['create aa', 'create bb', 'remove aa', 'remove bb']);
});
