/** What encodeHeader() writes is what readTar() finds, and GNU tar as well. */
import { spawnSync } from 'node:child_process';
import test from 'ava';

import { ARCHIVE_END, encodeHeader, paxRecord } from '../../../src/tar/encode.js';
import { type TarHeader } from '../../../src/tar/header.js';
import { binary, block, entry, PLAIN, padded, readAll } from './archive.js';

const roundTrip = test.macro<[string, Partial<TarHeader>, string?]>({
  title: (_, what) => `what is written is what is read: ${what}`,
  async exec(t, _what, changes, content = '') {
    const header: TarHeader = { ...PLAIN, ...changes, size: content.length };
    const archive = Buffer.concat([encodeHeader(header), padded(content), ARCHIVE_END]);
    t.is(archive.length % 512, 0);
    for (const chunkBytes of [1, 511, 100_000]) {
      const [read, ...more] = await readAll(archive, chunkBytes);
      t.deepEqual(more, []);
      t.deepEqual({ ...read?.header, xattrs: [] }, { ...header, xattrs: [] });
      t.deepEqual(
        [...(read?.header.xattrs ?? [])].map(([key, value]) => [key, Buffer.from(value)]),
        [...header.xattrs].map(([key, value]) => [key, Buffer.from(value)]),
      );
      t.is(read?.content.toString('latin1'), content);
    }
    const listed = spawnSync('tar', ['-t', '-P', '--quoting-style=literal'], { input: archive, encoding: 'latin1' });
    t.is(listed.stdout, `${header.path}${header.type === 'directory' ? '/' : ''}\n`);
    t.is(listed.stderr, '');
  },
});

test(roundTrip, 'an empty file', {});
test(roundTrip, 'a file', { mode: 0o4751, uid: 12, gid: 34, mtimeSec: 1_700_000_000 }, 'content\n');
test(roundTrip, 'a content that fills its blocks', {}, 'x'.repeat(1024));
test(roundTrip, 'a directory', { type: 'directory', path: 'a/b', mode: 0o1777 });
test(roundTrip, 'a symbolic link', { type: 'symlink', target: '../to' });
test(roundTrip, 'a hard link', { type: 'hardlink', target: 'other' });
test(roundTrip, 'a device', { type: 'character', major: 1, minor: 3 });
test(roundTrip, 'a block device', { type: 'block', major: 259, minor: 65_535 });
test(roundTrip, 'a pipe', { type: 'fifo' });
for (const length of [99, 100, 101, 255, 4000]) test(roundTrip, `a name of ${length}`, { path: 'n'.repeat(length) });
test(roundTrip, 'a directory with a long name', { type: 'directory', path: `${'d/'.repeat(99)}d` });
test(roundTrip, 'a long target', { type: 'symlink', target: 't'.repeat(4000) });
test(roundTrip, 'a name that is no UTF-8', { path: 'a\xff\xfeb' });
test(roundTrip, 'a name with newlines and an equals sign', { path: 'a\nb=c 12 d' });
test(roundTrip, 'ids that are too large for their fields', { uid: 0o7777777 + 1, gid: 4_294_967_294 });
test(roundTrip, 'a time with nanoseconds', { mtimeSec: 1, mtimeNsec: 1 });
test(roundTrip, 'a time before 1970', { mtimeSec: -2, mtimeNsec: 250_000_000 });
test(roundTrip, 'a whole second before 1970', { mtimeSec: -1 });
test(roundTrip, 'extended attributes of any bytes', {
  xattrs: new Map([
    ['user.a', Buffer.from([0, 10, 61, 255])],
    ['user.empty', Buffer.alloc(0)],
    ['security.capability', Buffer.alloc(20, 1)],
  ]),
});

test('a pax record counts its own length, where that has another digit as well', (t) => {
  for (const length of [1, 2, 90, 91, 92, 93, 94, 95, 96, 985, 990, 995, 9_990]) {
    const record = paxRecord('k', Buffer.alloc(length, 0x78));
    t.is(Number(record.toString('latin1').split(' ')[0]), record.length);
  }
});

test('several files, one after the other, whether their content is read or not', async (t) => {
  const archive = Buffer.concat([
    entry({ name: 'a' }, 'x'.repeat(700)),
    entry({ name: 'b' }, 'y'),
    entry({ name: 'c' }),
    ARCHIVE_END,
  ]);
  const found = await readAll(archive);
  t.deepEqual(
    found.map(({ header, content }) => [header.path, content.length]),
    [
      ['a', 700],
      ['b', 1],
      ['c', 0],
    ],
  );
});

test('the end may be missing; what follows it is passed over', async (t) => {
  t.is((await readAll(entry({}, 'x'))).length, 1);
  t.is((await readAll(Buffer.concat([entry({}, 'x'), ARCHIVE_END, Buffer.from('anything')]))).length, 1);
  t.is((await readAll(Buffer.alloc(0))).length, 0);
});

test('GNU long names and targets, a ustar prefix, old directories, and types that are no files', async (t) => {
  const archive = Buffer.concat([
    entry({ type: 'L', name: '././@LongLink' }, `${'l'.repeat(300)}\0`),
    entry({ type: 'K', name: '././@LongLink' }, `${'t'.repeat(300)}\0`),
    entry({ type: '2', name: 'short', linkName: 'short' }),
    entry({ name: 'after' }),
    entry({ name: 'name', prefix: 'some/where' }),
    entry({ name: 'old/', type: '\0', magic: Buffer.alloc(8) }),
    entry({ name: 'label', type: 'V' }, 'passed over'),
    entry({ name: 'last' }),
  ]);
  t.deepEqual(
    (await readAll(archive)).map(({ header }) => [header.path, header.type, header.target]),
    [
      ['l'.repeat(300), 'symlink', 't'.repeat(300)],
      ['after', 'file', ''],
      ['some/where/name', 'file', ''],
      ['old', 'directory', ''],
      ['last', 'file', ''],
    ],
  );
});

test('global pax headers hold for all that follow, others for one; an empty record takes one away', async (t) => {
  const records = (...pairs: [string, string][]) =>
    Buffer.concat(pairs.map(([key, value]) => paxRecord(key, Buffer.from(value))));
  const archive = Buffer.concat([
    entry({ type: 'g' }, records(['uid', '70000'], ['path', 'everywhere'])),
    entry({ type: 'x' }, records(['path', 'one'], ['gid', '5'])),
    entry({}),
    entry({ type: 'x' }, records(['path', ''], ['uid', ''])),
    entry({ name: 'own', uid: '0000007' }),
    entry({}),
  ]);
  t.deepEqual(
    (await readAll(archive)).map(({ header: { path, uid, gid } }) => [path, uid, gid]),
    [
      ['one', 70_000, 5],
      ['own', 7, 0],
      ['everywhere', 70_000, 0],
    ],
  );
});

test('numbers in binary: sizes, ids, and times before 1970', async (t) => {
  const [read] = await readAll(
    Buffer.concat([
      block({ size: binary(3n), mtime: binary(-5n), uid: Buffer.from([0x80, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff]) }),
      padded('abc'),
    ]),
  );
  t.is(read?.content.toString(), 'abc');
  t.deepEqual([read?.header.mtimeSec, read?.header.uid], [-5, 0x7fffffff]);
});

test('files with holes: the maps of GNU tar and of pax, as GNU tar writes them', async (t) => {
  const script = `cd "$(mktemp -d)" && printf begin > f && truncate -s 300000 f && printf end >> f &&
    tar -c -S "$@" f; rm f; rmdir "$PWD"`;
  const expected = Buffer.alloc(300_003);
  expected.write('begin');
  expected.write('end', 300_000);
  for (const flags of [['--format=gnu'], ['--format=pax', '--sparse-version=0.1'], ['--format=pax']]) {
    const tar = spawnSync('sh', ['-c', script, 'sh', ...flags], { maxBuffer: 1e8 });
    const [read] = await readAll(tar.stdout);
    t.is(read?.header.path, 'f');
    t.is(read?.header.size, 300_003);
    t.true(read?.content.equals(expected), flags.join(' '));
  }
});
