import { gzipSync } from 'node:zlib';

import test from 'ava';

import { foreignCompression, isGzip, isZstd } from '../../../src/util/compression.js';
import { tarOf } from '../../helpers/layers.js';

test('compression: xz and bzip2 are told by their first bytes', (t) => {
  // As `xz` and `bzip2` write them, of nothing and of a byte.
  t.is(foreignCompression(Buffer.from('fd377a585a000004e6d6b446', 'hex')), 'xz');
  t.is(foreignCompression(Buffer.from('425a6839314159265359a1a2', 'hex')), 'bzip2');
  t.is(foreignCompression(Buffer.from('425a683917724538509000000000', 'hex')), 'bzip2');
});

test('compression: neither an archive of a file that is called like one, nor a few bytes', (t) => {
  t.is(foreignCompression(tarOf([{ path: 'BZh91', content: 'x' }])), undefined);
  for (const bytes of ['', 'BZh9', '\xfd7zXZ']) t.is(foreignCompression(Buffer.from(bytes, 'latin1')), undefined);
});

test('compression: gzip and zstd, which may begin with a frame that is skipped', (t) => {
  t.true(isGzip(gzipSync('')));
  const zstd = ['28b52ffd', '502a4d18', '5f2a4d18'].map((hex) => Buffer.from(hex, 'hex'));
  t.deepEqual(zstd.map(isZstd), [true, true, true]);
  for (const hex of ['', '1f', '28b52f', '602a4d18', '184d2a50']) {
    const bytes = Buffer.from(hex, 'hex');
    t.false(isGzip(bytes) || isZstd(bytes), hex);
  }
});
