/**
 * Encodes archive headers: POSIX ustar, preceded by a pax header where ustar's fields are too small. Not done by a
 * package: those take strings as pax values, which corrupts extended attributes and names that are not UTF-8.
 */
import { binaryBytes, type BinaryText } from '../util/binary-text.js';
import { BLOCK_BYTES, checksum, FIELDS, paddingOf, TYPE_FLAGS, XATTR_RECORD, type TarHeader } from './header.js';

/** Two empty blocks end an archive. */
export const ARCHIVE_END = Buffer.alloc(2 * BLOCK_BYTES);

/** Largest values of the octal fields. */
const MAX_ID = 0o7777777;
const MAX_LONG = 0o77777777777;

/** Returns the blocks that precede a file's content. */
export function encodeHeader(header: TarHeader): Buffer {
  const path = header.type === 'directory' ? `${header.path}/` : header.path;
  const records = paxRecords(header, path);
  const own = headerBlock({
    ...header,
    path,
    flag: TYPE_FLAGS[header.type],
    // A time that does not fit is clamped here; the pax header has the exact one.
    mtimeSec: Math.min(Math.max(header.mtimeSec, 0), MAX_LONG),
  });
  if (records.length === 0) return own;
  const pax = Buffer.concat(records);
  return Buffer.concat([paxHeader(header, pax.length), pax, Buffer.alloc(paddingOf(pax.length)), own]);
}

function paxRecords(header: TarHeader, path: BinaryText): readonly Buffer[] {
  const records: Buffer[] = [];
  const add = (key: BinaryText, value: BinaryText | Uint8Array) => {
    records.push(paxRecord(key, typeof value === 'string' ? binaryBytes(value) : value));
  };
  if (needsRecord(path)) add('path', path);
  if (needsRecord(header.target)) add('linkpath', header.target);
  if (header.uid > MAX_ID) add('uid', String(header.uid));
  if (header.gid > MAX_ID) add('gid', String(header.gid));
  if (header.size > MAX_LONG) add('size', String(header.size));
  if (header.mtimeNsec !== 0 || header.mtimeSec < 0 || header.mtimeSec > MAX_LONG) add('mtime', timeText(header));
  for (const [name, value] of header.xattrs) add(XATTR_RECORD + name, value);
  return records;
}

/**
 * Whether a text needs a pax record: it is longer than the field, or not ASCII. Only pax headers define an encoding for
 * other bytes.
 */
function needsRecord(text: BinaryText): boolean {
  // eslint-disable-next-line no-control-regex -- the bytes of ASCII are meant
  return text.length > FIELDS.name[1] || !/^[\x00-\x7f]*$/.test(text);
}

/**
 * Formats seconds with up to nine decimals. Before 1970 the sign applies to the decimals too: -0.5 s is 500 ms before
 * 1970.
 */
function timeText({ mtimeSec, mtimeNsec }: Pick<TarHeader, 'mtimeSec' | 'mtimeNsec'>): string {
  const nanoseconds = BigInt(mtimeSec) * 1_000_000_000n + BigInt(mtimeNsec);
  const absolute = nanoseconds < 0n ? -nanoseconds : nanoseconds;
  const decimals = (absolute % 1_000_000_000n).toString().padStart(9, '0').replace(/0+$/, '');
  return `${nanoseconds < 0n ? '-' : ''}${String(absolute / 1_000_000_000n)}${decimals === '' ? '' : `.${decimals}`}`;
}

/** Formats "LENGTH KEY=VALUE\n", where LENGTH includes itself. */
export function paxRecord(key: BinaryText, value: Uint8Array): Buffer {
  const rest = key.length + value.length + 3;
  let length = rest + String(rest).length;
  if (String(length).length > String(rest).length) length += 1;
  return Buffer.concat([Buffer.from(`${length} ${key}=`, 'latin1'), value, Buffer.from('\n')]);
}

function paxHeader(header: TarHeader, size: number): Buffer {
  const name = header.path.slice(header.path.lastIndexOf('/') + 1);
  return headerBlock({
    ...header,
    // For programs that do not know pax headers, and unpack them as files.
    path: `PaxHeaders.0/${name}`,
    target: '',
    flag: 'x',
    mode: 0o644,
    uid: 0,
    gid: 0,
    size,
    mtimeSec: 0,
    major: 0,
    minor: 0,
  });
}

function headerBlock(header: Omit<TarHeader, 'type' | 'xattrs' | 'mtimeNsec'> & { readonly flag: string }): Buffer {
  const block = Buffer.alloc(BLOCK_BYTES);
  const text = ([at, length]: readonly [number, number], value: BinaryText) =>
    block.write(value.slice(0, length), at, 'latin1');
  const octal = (field: readonly [number, number], value: number) =>
    text(field, value.toString(8).padStart(field[1] - 1, '0'));
  text(FIELDS.name, header.path);
  octal(FIELDS.mode, header.mode & 0o7777);
  octal(FIELDS.uid, Math.min(header.uid, MAX_ID));
  octal(FIELDS.gid, Math.min(header.gid, MAX_ID));
  octal(FIELDS.size, Math.min(header.size, MAX_LONG));
  octal(FIELDS.mtime, header.mtimeSec);
  text(FIELDS.type, header.flag);
  text(FIELDS.linkName, header.target);
  text(FIELDS.magic, 'ustar\x0000');
  octal(FIELDS.major, header.major);
  octal(FIELDS.minor, header.minor);
  const sum = checksum(block).toString(8).padStart(6, '0');
  text(FIELDS.checksum, `${sum}\0 `);
  return block;
}
