/** Archives that are damaged or made to do harm: each is refused with BAD_ARCHIVE, or what is strange in it does nothing. */
import test from 'ava';

import { paxRecord } from '../../../src/tar/encode.js';
import { readTar } from '../../../src/tar/read.js';
import { binary, block, entry, padded, readAll } from './archive.js';

const refuses = test.macro({
  title: (_, what: string) => `refused: ${what}`,
  async exec(t, _what: string, archive: Buffer, message: RegExp) {
    for (const chunkBytes of [13, 10_000]) {
      const error = await t.throwsAsync<Error & { code?: string }>(readAll(archive, chunkBytes));
      t.is(error?.code, 'BAD_ARCHIVE');
      t.regex(error?.message ?? '', message);
    }
  },
});

const pax = (key: string, value: string | Buffer) => entry({ type: 'x' }, paxRecord(key, Buffer.from(value as string)));
const withPax = (key: string, value: string | Buffer, content = '') =>
  Buffer.concat([pax(key, value), entry({}, content)]);

test(refuses, 'no archive at all', Buffer.alloc(512, 'x'), /checksum/);
test(refuses, 'a wrong checksum', block({ checksum: '0000001\0' }), /checksum/);
test(refuses, 'one flipped bit', Buffer.concat([entry({}, 'x'), entry({}).fill('0', 3, 4)]), /checksum/);
test(refuses, 'the end within a header', entry({}).subarray(0, 300), /ends/);
test(refuses, 'the end within a content', entry({}, 'x'.repeat(2000)).subarray(0, 1500), /ends/);
test(refuses, 'the end within the padding', entry({}, 'x').subarray(0, 600), /ends/);
test(refuses, 'the end within a pax header', pax('path', 'p').subarray(0, 520), /ends/);
test(refuses, 'the end where a pax header should be', block({ type: 'x', size: '20' }), /ends/);
test(refuses, 'digits that are none', block({ size: '99999999' }), /number/);
test(refuses, 'a sign', block({ size: '-0000001' }), /number/);

for (const type of ['0', 'x', 'g', 'L', 'K', 'S', 'V', '5'])
  test(refuses, `a negative size of type ${type}`, block({ type, size: binary(-512n) }), /negative/);
test(refuses, 'a negative owner', block({ uid: Buffer.alloc(8, 0xff) }), /negative/);
test(refuses, 'a size that is no exact number', block({ size: binary(2n ** 60n) }), /too large/);
test(
  refuses,
  'a size of all bits',
  block({ size: Buffer.concat([Buffer.from([0x80]), Buffer.alloc(11, 0xff)]) }),
  /large/,
);
test(refuses, 'the largest size, of which little is there', block({ size: binary(2n ** 53n - 1n) }), /ends/);
test(refuses, 'an endless pax header', block({ type: 'x', size: '77777777777' }), /too long/);
test(refuses, 'an endless long name', block({ type: 'L', size: '77777777777' }), /too long/);

for (const [what, text] of [
  ['no length', 'path=x\n'],
  ['a length of zero', '0 path=x\n'],
  ['a negative length', '-9 path=x\n'],
  ['a length behind the end', '99 path=x\n'],
  ['a length without an end', '9'.repeat(50)],
  ['no newline at its end', '9 path=xy'],
  ['no equals sign', '7 path\n'],
  ['an equals sign of the next record only', '6 abc\n9 path=x\n'],
] as const)
  test(refuses, `a pax record with ${what}`, Buffer.concat([entry({ type: 'x' }, text), entry({})]), /malformed/);

test(refuses, 'a negative pax size', withPax('size', '-1'), /malformed/);
test(refuses, 'a huge pax size', withPax('size', '9'.repeat(16)), /malformed/);
test(refuses, 'a pax size in words', withPax('size', '0x10'), /malformed/);
test(refuses, 'a pax owner with a fraction', withPax('uid', '1.5'), /malformed/);
test(refuses, 'a pax time in words', withPax('mtime', 'NaN'), /malformed/);
test(refuses, 'a pax size that is more than there is', withPax('size', '4096', 'x'), /ends/);
test(refuses, 'a NUL in a pax name', withPax('path', 'a\0b'), /NUL/);
test(refuses, 'a NUL in a pax target', Buffer.concat([pax('linkpath', 'a\0b'), entry({ type: '2' })]), /NUL/);

const globals = (keys: readonly string[], value = 'v') =>
  entry({ type: 'g' }, Buffer.concat(keys.map((key) => paxRecord(key, Buffer.from(value)))));
const numbered = (prefix: string, count: number) => Array.from({ length: count }, (_, i) => `${prefix}${i}`);
test(refuses, 'very many global attributes', globals(numbered('SCHILY.xattr.user.', 257)), /too many records/);
test(
  refuses,
  'very many global attributes of several headers',
  Buffer.concat([globals(numbered('SCHILY.xattr.user.a', 200)), globals(numbered('SCHILY.xattr.user.b', 200))]),
  /too many records/,
);
test(refuses, 'long global attributes', globals(numbered('SCHILY.xattr.user.', 5), 'v'.repeat(60_000)), /too long/);
test(refuses, 'holes in a global header', globals(['GNU.sparse.map'], '0,10'), /holes/);

const sparse = (map: string, size = '100', content = 'x'.repeat(50)) =>
  Buffer.concat([
    entry(
      { type: 'x' },
      Buffer.concat([paxRecord('GNU.sparse.size', Buffer.from(size)), paxRecord('GNU.sparse.map', Buffer.from(map))]),
    ),
    entry({}, content),
  ]);
test(refuses, 'parts that overlap', sparse('0,10,5,10'), /malformed/);
test(refuses, 'parts behind the end', sparse('90,20'), /malformed/);
test(refuses, 'an odd number of places', sparse('0,10,20'), /malformed/);
test(refuses, 'a negative place', sparse('-5,10'), /malformed/);
test(refuses, 'parts of which the content is missing', sparse('0,100', '100', 'x'), /ends/);

const oldSparse = (pairs: readonly bigint[], realSize: bigint, content = 'x'.repeat(50)) =>
  Buffer.concat([
    block({ type: 'S', size: content.length.toString(8), magic: 'ustar  \0' }, (made) => {
      pairs.forEach((value, i) => made.set(binary(value), 386 + i * 12));
      made.set(binary(realSize), 483);
    }),
    padded(content),
  ]);
test(refuses, 'an old map with a negative length', oldSparse([0n, -5n, 0n, 10n], 100n), /malformed/);
test(refuses, 'an old map with a negative place', oldSparse([-5n, 10n], 100n), /malformed/);
test(refuses, 'an old map of a file of negative size', oldSparse([], -100n), /malformed|negative/);

const version1 = (map: string) =>
  Buffer.concat([
    entry(
      { type: 'x' },
      Buffer.concat([
        paxRecord('GNU.sparse.major', Buffer.from('1')),
        paxRecord('GNU.sparse.realsize', Buffer.from('100')),
      ]),
    ),
    entry({}, map),
  ]);
test(refuses, 'a map of more parts than fit', version1('9999999999\n'.padEnd(512, '0\n')), /too many/);
test(refuses, 'a map without lines', version1('1'.repeat(512)), /malformed/);
test(refuses, 'a map of words', version1('one\n'.padEnd(512, '0\n')), /malformed/);
test(refuses, 'a map that is longer than its file', version1('0\n'), /ends|longer/);

test('a NUL ends a name of a header block, whatever follows it', async (t) => {
  const [read] = await readAll(entry({ name: 'a\0../../b' }));
  t.is(read?.header.path, 'a');
});

test('pax headers without an end are refused, and take no memory', async (t) => {
  for (const type of ['x', 'g', 'L']) {
    let taken = 0;
    async function* endless(): AsyncGenerator<Buffer> {
      for (; taken < 100_000; taken += 1)
        yield entry({ type }, type === 'L' ? 'name' : paxRecord(`k${taken}`, Buffer.alloc(5000)));
    }
    const error = await t.throwsAsync<Error & { code?: string }>(readTar(endless()).next());
    t.is(error?.code, 'BAD_ARCHIVE', type);
    t.true(taken < 2000, `${taken} headers of type ${type} were taken`);
  }
});

test('what a global header says beside of files costs nothing with each of them', async (t) => {
  const said = globals([...numbered('k', 250_000), 'uid'], '7');
  const begin = process.cpuUsage();
  const found = await readAll(Buffer.concat([said, ...numbered('f', 100).map((name) => entry({ name }))]), 10_000);
  const { user, system } = process.cpuUsage(begin);
  t.true(found.length === 100 && found.every(({ header }) => header.uid === 7));
  t.true(user + system < 10_000_000, `${user + system} us`);
});

test('a global header may come again with each file', async (t) => {
  const said = Buffer.concat([globals(['path'], 'p'.repeat(4000)), entry({})]);
  t.is((await readAll(Buffer.concat(Array<Buffer>(1200).fill(said)), 10_000)).length, 1200);
});

test('who reads nothing more lets go of the source', async (t) => {
  let ended = false;
  async function* source(): AsyncGenerator<Buffer> {
    try {
      for (;;) yield entry({}, 'x');
    } finally {
      ended = true;
    }
  }
  for await (const { header } of readTar(source())) {
    t.is(header.path, 'name');
    break;
  }
  t.true(ended);
});
