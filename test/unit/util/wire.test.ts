import test from 'ava';
import { decodeFields, WireReader } from '../../../src/util/wire-decode.js';
import type { FieldsOf, RecordShape } from '../../../src/util/wire.js';
import { WireWriter } from '../../../src/util/wire-encode.js';

const EVERY_TYPE = {
  code: 7,
  fields: { a: 'u32', b: 'i32', c: 'u64', d: 'i64', e: 'str', f: 'bytes', g: 'strs', h: 'u32s' },
} as const;

const VALUES = {
  a: 0xffffffff,
  b: -2147483648,
  c: 0xffffffffffffffffn,
  d: -9223372036854775808n,
  e: 'größe \u{1f980}',
  f: Buffer.from([0, 1, 255]),
  g: ['', 'x', 'y'.repeat(5000)],
  h: [0, 4294967295],
};

test('a record of every field type survives the round trip', (t) => {
  t.deepEqual(decodeFields(EVERY_TYPE, encodeFields(EVERY_TYPE, VALUES)), VALUES);
});

test('the bytes are little endian with u32 lengths, no padding and a NUL after a str', (t) => {
  const shape = { code: 1, fields: { n: 'u32', s: 'str', l: 'u32s' } } as const;
  const bytes = encodeFields(shape, { n: 0x01020304, s: 'ab', l: [5] });
  t.is(Buffer.from(bytes).toString('hex'), '04030201' + '02000000' + '616200' + '01000000' + '05000000');
});

test('every truncation of a record is refused', (t) => {
  const bytes = encodeFields(EVERY_TYPE, { ...VALUES, g: ['a', 'bc'] });
  for (let length = 0; length < bytes.length; length += 1) {
    t.throws(() => decodeFields(EVERY_TYPE, bytes.subarray(0, length)), { instanceOf: RangeError }, `${length}`);
  }
});

test('bytes after the last field are refused', (t) => {
  const bytes = Buffer.concat([encodeFields(EVERY_TYPE, VALUES), Buffer.from([0])]);
  t.throws(() => decodeFields(EVERY_TYPE, bytes), { message: '1 bytes too many' });
});

test('a list whose count cannot be true allocates nothing', (t) => {
  const shape = { code: 1, fields: { l: 'strs' } } as const;
  t.throws(() => decodeFields(shape, Buffer.from([255, 255, 255, 255])), { instanceOf: RangeError });
});

test('a str with a NUL or broken UTF-8 is refused by the reader', (t) => {
  t.throws(() => new WireReader(Buffer.from([1, 0, 0, 0, 0, 0])).str(), { instanceOf: RangeError });
  t.throws(() => new WireReader(Buffer.from([1, 0, 0, 0, 0xff, 0])).str(), { instanceOf: RangeError });
});

test('a str without a NUL after it is refused by the reader', (t) => {
  t.throws(() => new WireReader(Buffer.from([1, 0, 0, 0, 0x61, 0x62])).str(), { message: /no NUL/ });
});

const refuses = test.macro((t, write: (writer: WireWriter) => void) => {
  t.throws(() => write(new WireWriter()), { instanceOf: RangeError });
});
test('u32 refuses a negative number', refuses, (w) => w.u32(-1));
test('u32 refuses a fraction', refuses, (w) => w.u32(1.5));
test('u32 refuses 2^32', refuses, (w) => w.u32(2 ** 32));
test('u32 refuses NaN', refuses, (w) => w.u32(Number.NaN));
test('i32 refuses 2^31', refuses, (w) => w.i32(2 ** 31));
test('u64 refuses a negative number', refuses, (w) => w.u64(-1n));
test('u64 refuses 2^64', refuses, (w) => w.u64(2n ** 64n));
test('i64 refuses 2^63', refuses, (w) => w.i64(2n ** 63n));
test('str refuses a NUL', refuses, (w) => w.str('a\0b'));
test('a missing field is an error, never a default', refuses, (w) => w.fields(EVERY_TYPE, {} as typeof VALUES));

test('a length can be patched when it is known', (t) => {
  const writer = new WireWriter(4);
  writer.u32(0);
  writer.str('x'.repeat(10_000));
  writer.patchU32(0, writer.length);
  const bytes = writer.finish();
  t.is(new WireReader(bytes).u32(), bytes.length);
  t.throws(() => writer.patchU32(bytes.length - 3, 1), { instanceOf: RangeError });
});

test('a view into a larger buffer is read at its own offset', (t) => {
  const whole = Buffer.concat([Buffer.from('junk'), encodeFields(EVERY_TYPE, VALUES)]);
  t.deepEqual(decodeFields(EVERY_TYPE, whole.subarray(4)), VALUES);
});

function encodeFields<S extends RecordShape>(shape: S, values: FieldsOf<S>): Uint8Array {
  const writer = new WireWriter();
  writer.fields(shape, values);
  return writer.finish();
}
