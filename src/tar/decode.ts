/** Decodes a header block and the records of a pax header. Archives are untrusted. */
import type { BinaryText } from '../util/binary-text.js';
import { badArchive } from './byte-source.js';
import { checksum, FIELDS } from './header.js';

/** The fields of a header block. */
export interface RawHeader {
  readonly path: BinaryText;
  readonly flag: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly mtimeSec: number;
  readonly target: BinaryText;
  readonly major: number;
  readonly minor: number;
  readonly block: Buffer;
}

type Field = readonly [number, number];

/** Decodes a header block; undefined for an empty block, which ends the archive. Throws BAD_ARCHIVE. */
export function decodeBlock(block: Buffer): RawHeader | undefined {
  if (block.every((byte) => byte === 0)) return undefined;
  if (Number.parseInt(digitsOf(block, FIELDS.checksum) ?? '', 8) !== checksum(block))
    throw badArchive('the checksum of a header is wrong');
  const prefix = block.toString('latin1', 257, 263) === 'ustar\0' ? text(block, FIELDS.prefix) : '';
  const name = text(block, FIELDS.name);
  return {
    path: prefix === '' ? name : `${prefix}/${name}`,
    flag: block.toString('latin1', FIELDS.type[0], FIELDS.type[0] + 1),
    mode: number(block, FIELDS.mode) & 0o7777,
    uid: count(block, FIELDS.uid),
    gid: count(block, FIELDS.gid),
    size: count(block, FIELDS.size),
    mtimeSec: number(block, FIELDS.mtime),
    target: text(block, FIELDS.linkName),
    major: count(block, FIELDS.major),
    minor: count(block, FIELDS.minor),
    block,
  };
}

function text(block: Buffer, [at, length]: Field): BinaryText {
  const value = block.toString('latin1', at, at + length);
  const end = value.indexOf('\0');
  return end === -1 ? value : value.slice(0, end);
}

/** Reads a number: octal digits, or, if the first bit is set, a big-endian number in the remaining bits (GNU). */
export function number(block: Buffer, [at, length]: Field): number {
  const first = block[at] ?? 0;
  if ((first & 0x80) !== 0) return binaryNumber(block.subarray(at, at + length));
  const digits = digitsOf(block, [at, length]);
  if (digits === undefined) throw badArchive('a number in a header is malformed');
  return digits === '' ? 0 : Number.parseInt(digits, 8);
}

/** Returns the octal digits of a field; undefined if it has anything else but padding. */
function digitsOf(block: Buffer, [at, length]: Field): string | undefined {
  return /^[ \0]*([0-7]*)(?:[ \0]|$)/.exec(block.toString('latin1', at, at + length))?.[1];
}

/** Reads a number that must not be negative: a negative size would mean reading backwards. */
export function count(block: Buffer, field: Field): number {
  const value = number(block, field);
  if (value < 0) throw badArchive('a number in a header is negative');
  return value;
}

function binaryNumber(bytes: Buffer): number {
  const isNegative = bytes[0] === 0xff;
  let value = isNegative ? -1n : BigInt((bytes[0] ?? 0) & 0x7f);
  for (const byte of bytes.subarray(1)) value = (value << 8n) | BigInt(byte);
  const result = Number(value);
  if (!Number.isSafeInteger(result)) throw badArchive('a number in a header is too large');
  return result;
}

/** Returns the records of a pax header by key; the last one of each key counts. */
export function decodePax(content: Buffer): Map<BinaryText, Buffer> {
  const records = new Map<BinaryText, Buffer>();
  for (let at = 0; at < content.length;) {
    const space = content.indexOf(0x20, at);
    const length = space === -1 ? '' : content.toString('latin1', at, space);
    const end = at + Number(length);
    const equals = content.indexOf(0x3d, space);
    if (
      !/^[1-9]\d{0,8}$/.test(length) ||
      end > content.length ||
      equals === -1 ||
      equals >= end ||
      content[end - 1] !== 0x0a
    )
      throw badArchive('a pax header is malformed');
    records.set(content.toString('latin1', space + 1, equals), content.subarray(equals + 1, end - 1));
    at = end;
  }
  return records;
}

/** Parses the time of a pax record into seconds and nanoseconds. */
export function decodeTime(value: Buffer): { readonly mtimeSec: number; readonly mtimeNsec: number } {
  const match = /^(-?)(\d{1,15})(?:\.(\d{0,9})\d*)?$/.exec(value.toString('latin1'));
  if (match === null) throw badArchive('a time is malformed');
  const [, sign, seconds = '0', decimals = ''] = match;
  const nanoseconds = Number(decimals.padEnd(9, '0'));
  if (sign !== '-') return { mtimeSec: Number(seconds), mtimeNsec: nanoseconds };
  if (nanoseconds === 0) return { mtimeSec: -Number(seconds), mtimeNsec: 0 };
  return { mtimeSec: -Number(seconds) - 1, mtimeNsec: 1_000_000_000 - nanoseconds };
}

/** Parses a decimal number of a pax record. */
export function decodeDecimal(value: Buffer): number {
  const digits = value.toString('latin1');
  const result = Number(digits);
  if (!/^\d{1,16}$/.test(digits) || !Number.isSafeInteger(result))
    throw badArchive('a number in a pax header is malformed');
  return result;
}
