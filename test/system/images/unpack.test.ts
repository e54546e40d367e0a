import { lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';

import { isTspodError } from '../../../src/index.js';
import { listXattrs, getXattr } from '../../../src/native/index.js';
import { decompressed } from '../../../src/native/decompress.js';
import { openDirectory } from '../../../src/native/directory-entries.js';
import {
  LAYER_LIMITS,
  unpackLayer,
  type LayerLimits,
  type UnpackedLayer,
} from '../../../src/storage/images/unpack-layer.js';
import { ARCHIVE_END } from '../../../src/tar/encode.js';
import { tarOf, type Entry } from '../../helpers/layers.js';
import { requires } from '../../helpers/requires.js';
import { temporaryDirectory } from '../../helpers/temp.js';

interface Unpacked extends UnpackedLayer {
  readonly directory: string;
  readonly outside: string;
}

async function* chunksOf(bytes: Buffer): AsyncGenerator<Buffer> {
  await Promise.resolve();
  for (let at = 0; at < bytes.length; at += 10_000) yield bytes.subarray(at, at + 10_000);
}

/** Fills the directory. */
async function unpackInto(
  directory: string,
  archive: readonly Entry[] | Buffer,
  limits: Partial<LayerLimits> = {},
): Promise<UnpackedLayer> {
  using root = openDirectory(directory);
  const bytes = Buffer.isBuffer(archive) ? archive : tarOf(archive);
  return await unpackLayer(decompressed(chunksOf(bytes)), root.fd, { limits: { ...LAYER_LIMITS, ...limits } });
}

async function unpack(
  t: ExecutionContext<unknown>,
  archive: readonly Entry[] | Buffer,
  limits: Partial<LayerLimits> = {},
): Promise<Unpacked> {
  const base = temporaryDirectory(t, 'tspod-layer-');
  const [directory, outside] = [join(base, 'layer'), join(base, 'outside')];
  mkdirSync(directory);
  mkdirSync(outside);
  writeFileSync(join(outside, 'secret'), 'mine');
  return { directory, outside, ...(await unpackInto(directory, archive, limits)) };
}

async function refuses(
  t: ExecutionContext<unknown>,
  archive: readonly Entry[] | Buffer,
  words: RegExp,
  limits: Partial<LayerLimits> = {},
): Promise<void> {
  const error = await t.throwsAsync(unpack(t, archive, limits));
  t.true(isTspodError(error, 'BAD_IMAGE'), String(error));
  t.regex(error?.message ?? '', words);
}

const dir = (path: string, mode = 0o755): Entry => ({ path, type: 'directory', mode });

test('unpack: owner, mode, time to the nanosecond, and size are those of the archive', async (t) => {
  if (!requires(t, 'root')) return;
  const { directory, size } = await unpack(t, [
    { ...dir('d', 0o1750), uid: 5, gid: 6, mtimeSec: 1_600_000_000, mtimeNsec: 123_456_789 },
    {
      path: 'd/f',
      content: 'hello',
      mode: 0o4711,
      uid: 1000,
      gid: 2000,
      mtimeSec: 1_500_000_000,
      mtimeNsec: 987_654_321,
    },
    { path: 'd/old', content: 'x', mtimeSec: -5 },
  ]);
  const [d, f] = [
    lstatSync(join(directory, 'd'), { bigint: true }),
    lstatSync(join(directory, 'd/f'), { bigint: true }),
  ];
  t.deepEqual([d.uid, d.gid, d.mode & 0o7777n, d.mtimeNs], [5n, 6n, 0o1750n, 1_600_000_000_123_456_789n]);
  t.deepEqual([f.uid, f.gid, f.mode & 0o7777n, f.mtimeNs], [1000n, 2000n, 0o4711n, 1_500_000_000_987_654_321n]);
  t.is(lstatSync(join(directory, 'd/old')).mtimeMs, -5000);
  t.is(readFileSync(join(directory, 'd/f'), 'utf8'), 'hello');
  t.is(size, 6);
});

test('unpack: links, fifos and devices are what they were', async (t) => {
  if (!requires(t, 'root')) return;
  const { directory } = await unpack(t, [
    { path: 'a', content: 'x' },
    { path: 'hard', type: 'hardlink', target: './a' },
    { path: 'soft', type: 'symlink', target: '/anywhere/at/all' },
    { path: 'fifo', type: 'fifo', mode: 0o620 },
    { path: 'null', type: 'character', major: 1, minor: 3, mode: 0o666 },
    { path: 'disk', type: 'block', major: 7, minor: 300, mode: 0o660 },
  ]);
  t.is(lstatSync(join(directory, 'a')).ino, lstatSync(join(directory, 'hard')).ino);
  t.is(readlinkSync(join(directory, 'soft')), '/anywhere/at/all');
  t.true(lstatSync(join(directory, 'fifo')).isFIFO());
  t.is(lstatSync(join(directory, 'fifo')).mode & 0o777, 0o620);
  const [nothing, disk] = [lstatSync(join(directory, 'null')), lstatSync(join(directory, 'disk'))];
  t.true(nothing.isCharacterDevice() && disk.isBlockDevice());
  t.is(nothing.rdev, 0x103);
  t.is(disk.rdev, (7 << 8) | (300 & 0xff) | ((300 & ~0xff) << 12));
});

test('unpack: names that are long, or no UTF-8, and file capabilities are kept', async (t) => {
  if (!requires(t, 'root')) return;
  const long = `${'l'.repeat(200)}/${'m'.repeat(200)}`;
  const capability = Buffer.from('0100000200040000000000000000000000000000', 'hex');
  const { directory } = await unpack(t, [
    { path: long, content: 'deep' },
    { path: '\xff\xfe', content: 'bytes' },
    {
      path: 'ping',
      content: 'x',
      mode: 0o755,
      uid: 7,
      xattrs: { 'security.capability': capability, 'user.note': Buffer.from('hi') },
    },
  ]);
  t.is(readFileSync(join(directory, long), 'utf8'), 'deep');
  t.true(readdirSync(directory, 'buffer').some((name) => name.equals(Buffer.from([0xff, 0xfe]))));
  t.deepEqual(await getXattr(join(directory, 'ping'), 'security.capability'), capability);
  t.is((await getXattr(join(directory, 'ping'), 'user.note')).toString(), 'hi');
});

test('unpack: whiteouts and opaque directories become those of overlayfs', async (t) => {
  if (!requires(t, 'root')) return;
  const { directory } = await unpack(t, [
    dir('d'),
    { path: 'd/.wh.gone' },
    dir('fresh'),
    { path: 'fresh/.wh..wh..opq' },
    { path: 'fresh/new', content: 'x' },
    { path: '.wh.top' },
    { path: '.wh..wh.plnk' },
  ]);
  for (const path of ['d/gone', 'top']) {
    const status = lstatSync(join(directory, path));
    t.true(status.isCharacterDevice());
    t.is(status.rdev, 0);
  }
  t.is((await getXattr(join(directory, 'fresh'), 'trusted.overlay.opaque')).toString(), 'y');
  t.deepEqual(readdirSync(directory).sort(), ['d', 'fresh', 'top']);
});

test('unpack: a whiteout hides what is below and not what its own layer brings, before or after it', async (t) => {
  if (!requires(t, 'root')) return;
  const { directory } = await unpack(t, [
    { path: 'before', content: 'stays' },
    { path: '.wh.before' },
    dir('dir-before'),
    { path: 'dir-before/f', content: 'stays' },
    { path: '.wh.dir-before' },
    { path: '.wh.after' },
    { path: 'after', content: 'new' },
    { path: '.wh.dir-after' },
    dir('dir-after'),
  ]);
  t.is(readFileSync(join(directory, 'before'), 'utf8'), 'stays');
  t.is(readFileSync(join(directory, 'dir-before/f'), 'utf8'), 'stays');
  t.is((await getXattr(join(directory, 'dir-before'), 'trusted.overlay.opaque')).toString(), 'y');
  t.is(readFileSync(join(directory, 'after'), 'utf8'), 'new');
  t.is((await getXattr(join(directory, 'dir-after'), 'trusted.overlay.opaque')).toString(), 'y');
});

test('unpack: of entries with one name the last counts', async (t) => {
  if (!requires(t, 'root')) return;
  const { directory } = await unpack(t, [
    { path: 'a', content: 'first and longer' },
    { path: 'a', content: 'second' },
    dir('b'),
    { path: 'b/x', content: 'lost' },
    { path: 'b', content: 'a file now' },
    { path: 'c', content: 'x' },
    dir('c', 0o700),
    { path: 'c/in', content: 'y' },
    dir('d', 0o700),
    dir('d', 0o711),
    { path: 'self', content: 'kept' },
    { path: 'self', type: 'hardlink', target: 'self' },
  ]);
  t.is(readFileSync(join(directory, 'a'), 'utf8'), 'second');
  t.is(readFileSync(join(directory, 'b'), 'utf8'), 'a file now');
  t.is(readFileSync(join(directory, 'c/in'), 'utf8'), 'y');
  t.is(lstatSync(join(directory, 'd')).mode & 0o777, 0o711);
  t.is(readFileSync(join(directory, 'self'), 'utf8'), 'kept');
});

test('unpack: absolute paths begin at the top of the layer', async (t) => {
  if (!requires(t, 'root')) return;
  const { directory } = await unpack(t, [
    { path: '/etc/tspod-test-absolute', content: 'x' },
    { path: '/linked', type: 'hardlink', target: '/etc/tspod-test-absolute' },
  ]);
  t.is(readFileSync(join(directory, 'etc/tspod-test-absolute'), 'utf8'), 'x');
  t.is(readFileSync(join(directory, 'linked'), 'utf8'), 'x');
  t.throws(() => lstatSync('/etc/tspod-test-absolute'));
});

test('unpack: ".." is refused, in names, hard links and whiteouts', async (t) => {
  if (!requires(t, 'root')) return;
  await refuses(t, [{ path: '../out', content: 'x' }], /leads out/);
  await refuses(t, [{ path: 'a/../../out', content: 'x' }], /leads out/);
  await refuses(t, [{ path: 'l', type: 'hardlink', target: '../outside/secret' }], /leads out/);
  await refuses(t, [{ path: '../.wh.secret' }], /leads out/);
  await refuses(t, [{ path: 'd/.wh...' }], /is not a valid whiteout/);
});

test('unpack: links in the layer lead nowhere but into it', async (t) => {
  if (!requires(t, 'root')) return;
  const { directory, outside } = await unpack(t, [
    { path: 'up', type: 'symlink', target: '../outside' },
    { path: 'up/planted', content: 'x' },
    { path: 'abs', type: 'symlink', target: '/tmp' },
    { path: 'abs/tspod-test-planted', content: 'y' },
    { path: 'leak', type: 'symlink', target: '../outside/secret' },
    { path: 'leak2', type: 'hardlink', target: 'leak' },
  ]);
  t.deepEqual(readdirSync(outside), ['secret']);
  t.is(readFileSync(join(outside, 'secret'), 'utf8'), 'mine');
  t.throws(() => lstatSync('/tmp/tspod-test-planted'));
  t.is(readFileSync(join(directory, 'outside/planted'), 'utf8'), 'x');
  t.is(readFileSync(join(directory, 'tmp/tspod-test-planted'), 'utf8'), 'y');
  t.true(lstatSync(join(directory, 'leak2')).isSymbolicLink());
});

test('unpack: a hard link through a link, or to nothing, is refused', async (t) => {
  if (!requires(t, 'root')) return;
  await refuses(
    t,
    [
      { path: 'up', type: 'symlink', target: '/' },
      { path: 'l', type: 'hardlink', target: 'up/outside/secret' },
    ],
    /cannot be unpacked/,
  );
  await refuses(t, [{ path: 'l', type: 'hardlink', target: 'nothing' }], /cannot be unpacked/);
  await refuses(t, [{ path: 'l', type: 'hardlink', target: '.' }], /top directory/);
});

test('unpack: a link that takes the place of a directory gets no mode and no time of it', async (t) => {
  if (!requires(t, 'root')) return;
  const { directory } = await unpack(t, [
    dir('real', 0o700),
    { ...dir('d', 0o777), mtimeSec: 5 },
    { path: 'd', type: 'symlink', target: 'real' },
  ]);
  t.is(lstatSync(join(directory, 'real')).mode & 0o777, 0o700);
  t.not(lstatSync(join(directory, 'real')).mtimeMs, 5000);
});

test('unpack: circles of links and files as directories are refused', async (t) => {
  if (!requires(t, 'root')) return;
  await refuses(
    t,
    [
      { path: 'a', type: 'symlink', target: 'b' },
      { path: 'b', type: 'symlink', target: 'a' },
      { path: 'a/f', content: 'x' },
    ],
    /cannot be unpacked/,
  );
  await refuses(
    t,
    [
      { path: 'f', content: 'x' },
      { path: 'f/g', content: 'y' },
    ],
    /cannot be unpacked/,
  );
});

test('unpack: attributes by which overlayfs knows its own are not taken from an image', async (t) => {
  if (!requires(t, 'root')) return;
  const { directory } = await unpack(t, [
    {
      ...dir('d'),
      xattrs: {
        'trusted.overlay.redirect': Buffer.from('/etc'),
        'trusted.overlay.opaque': Buffer.from('y'),
        'user.overlay.redirect': Buffer.from('/etc'),
        'user.kept': Buffer.from('1'),
      },
    },
  ]);
  t.deepEqual(await listXattrs(join(directory, 'd')), ['user.kept']);
});

test('unpack: directories that no entry brings are told', async (t) => {
  if (!requires(t, 'root')) return;
  const { implied } = await unpack(t, [dir('a'), { path: 'a/b/c/f', content: 'x' }, { path: 'z/f', content: 'x' }]);
  t.deepEqual(implied, ['a/b', 'a/b/c', 'z']);
});

test('unpack: too many entries, too many directories, too many bytes are refused', async (t) => {
  if (!requires(t, 'root')) return;
  const many = Array.from({ length: 50 }, (_, i): Entry => ({ path: `f${i}` }));
  await refuses(t, many, /more than 49 entries/, { entries: 49 });
  await refuses(t, [dir('a'), dir('b'), dir('c')], /more than 2 directories/, { directories: 2 });
  await refuses(t, [{ path: 'big', content: Buffer.alloc(100_000) }], /larger than 50000 bytes/, { bytes: 50_000 });
});

const DEEP = 'd/'.repeat(399);

const DEEP_LAYERS: Readonly<Record<string, readonly Entry[]>> = {
  files: ['x', 'y', 'z'].map((top) => ({ path: `${top}/${DEEP.slice(2)}f`, content: 'x' })),
  whiteouts: ['x', 'y', 'z'].map((top) => ({ path: `${top}/${DEEP.slice(2)}.wh.f` })),
  'a hard link': [
    { path: 'f', content: 'x' },
    { path: `${DEEP}f`, type: 'hardlink', target: 'f' },
  ],
  'what a link names': [
    { path: 'l', type: 'symlink', target: `x/${'d/'.repeat(1000)}` },
    { path: 'l/f', content: 'x' },
  ],
};

for (const [what, archive] of Object.entries(DEEP_LAYERS)) {
  test(`unpack: directories that no entry brings count, and not many too many are made: above ${what}`, async (t) => {
    if (!requires(t, 'root')) return;
    const directory = temporaryDirectory(t, 'tspod-layer-');
    const error = await t.throwsAsync(unpackInto(directory, archive, { directories: 10 }));
    t.true(isTspodError(error, 'BAD_IMAGE'), String(error));
    t.regex(error?.message ?? '', /it has more than 10 directories$/);
    const entries = readdirSync(directory, { recursive: true, withFileTypes: true });
    t.true(entries.filter((entry) => entry.isDirectory()).length <= 11);
  });
}

test('unpack: a directory counts once, whatever brings it, and as many as may be are made', async (t) => {
  if (!requires(t, 'root')) return;
  const archive = [{ path: 'a/b/f', content: 'x' }, dir('a'), dir('a/b'), { path: 'a/c/f', content: 'x' }];
  const { directory } = await unpack(t, archive, { directories: 3 });
  t.deepEqual(readdirSync(join(directory, 'a')).sort(), ['b', 'c']);
  await refuses(t, [...archive, { path: 'd/f' }], /more than 3 directories/, { directories: 3 });
});

test('unpack: paths of directories that are too long together are refused', async (t) => {
  if (!requires(t, 'root')) return;
  const long = `${'n'.repeat(200)}/`.repeat(10);
  await refuses(t, [{ path: `${long}f`, content: 'x' }], /paths .* more than 10000 bytes/, { pathBytes: 10_000 });
  const brought = Array.from({ length: 60 }, () => dir(`d/${'n'.repeat(200)}`));
  await refuses(t, brought, /paths .* more than 10000 bytes/, { pathBytes: 10_000 });
  await unpack(t, [{ path: `${long}f`, content: 'x' }], { pathBytes: 12_000 });
});

test('unpack: nesting without end is refused', async (t) => {
  if (!requires(t, 'root')) return;
  await refuses(t, [{ path: `${'d/'.repeat(1000)}f`, content: 'x' }], /nested deeper/);
});

test('unpack: owners and devices that no system has are refused', async (t) => {
  if (!requires(t, 'root')) return;
  await refuses(t, [{ path: 'f', uid: 2 ** 40 }], /impossible owner/);
  await refuses(t, [{ path: 'f', gid: 2 ** 32 - 1 }], /impossible owner/);
});

test('unpack: what is no archive, or ends early, is refused', async (t) => {
  if (!requires(t, 'root')) return;
  await refuses(t, Buffer.alloc(2048, 'x'), /checksum/);
  await refuses(t, tarOf([{ path: 'f', content: Buffer.alloc(5000, 1) }]).subarray(0, 3000), /ends in the middle/);
});

test('unpack: sparse files have their holes', async (t) => {
  if (!requires(t, 'root')) return;
  // The old form of GNU tar: one part of 512 bytes at 1 MiB, in a file of 1 MiB and 512 bytes.
  const [header] = [tarOf([{ path: 'sparse', content: Buffer.alloc(512, 7) }]).subarray(0, 512)];
  const octal = (value: number, at: number) => header?.write(`${value.toString(8).padStart(11, '0')}\0`, at, 'latin1');
  header?.write('S', 156);
  octal(1024 * 1024, 386);
  octal(512, 398);
  octal(1024 * 1024 + 512, 483);
  header?.write('        ', 148);
  const sum = header?.reduce((total, byte) => total + byte, 0) ?? 0;
  header?.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  const { directory } = await unpack(
    t,
    Buffer.concat([header ?? Buffer.alloc(0), Buffer.alloc(512, 7), Buffer.alloc(1024)]),
  );
  const status = lstatSync(join(directory, 'sparse'));
  t.is(status.size, 1024 * 1024 + 512);
  t.true(status.blocks * 512 <= 16 * 1024);
  t.true(
    readFileSync(join(directory, 'sparse'))
      .subarray(1024 * 1024)
      .equals(Buffer.alloc(512, 7)),
  );
});

test('unpack: paths and targets that no system has are refused', async (t) => {
  if (!requires(t, 'root')) return;
  const long = 'd/'.repeat(2048);
  const refusals: readonly Entry[] = [
    { path: `${long}f` },
    { path: `${'./'.repeat(2048)}f` },
    { path: `${long}.wh.f` },
    { path: 'l', type: 'hardlink', target: `${long}f` },
    { path: 'l', type: 'symlink', target: 't'.repeat(4096) },
  ];
  for (const entry of refusals) await refuses(t, [entry], /longer than 4095 bytes/);
});

test('unpack: what has no content is written while the archive is read, and is not gathered', async (t) => {
  if (!requires(t, 'root')) return;
  const directory = temporaryDirectory(t, 'tspod-layer-');
  using root = openDirectory(directory);
  const count = 1000;
  let written = 0;
  async function* archive(): AsyncGenerator<Buffer> {
    for (let i = 0; i < count; i += 1) {
      await Promise.resolve();
      yield tarOf([{ path: `l${i}`, type: 'symlink', target: 't'.repeat(4000) }]).subarray(0, -ARCHIVE_END.length);
    }
    written = readdirSync(directory).length;
    yield ARCHIVE_END;
  }
  await unpackLayer(archive(), root.fd);
  // A batch is in the making, and one under way.
  t.true(written > count - 150, `${written} of ${count}`);
  t.is(readdirSync(directory).length, count);
});

test('unpack: many files in batches, as many as there are', async (t) => {
  if (!requires(t, 'root')) return;
  const files = Array.from({ length: 3000 }, (_, i): Entry => ({
    path: `d${i % 7}/f${i}`,
    content: `${i}`.repeat(300),
  }));
  const { directory } = await unpack(t, files);
  for (const { path, content } of files) t.is(readFileSync(join(directory, path), 'utf8'), content as string);
  symlinkSync('x', join(directory, 'done'));
});
