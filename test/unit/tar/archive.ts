/** Archives made by hand: headers with whatever is in their fields. */
import { checksum, FIELDS, paddingOf, type TarHeader } from '../../../src/tar/header.js';
import { readTar } from '../../../src/tar/read.js';

export const PLAIN: TarHeader = {
  path: 'name',
  type: 'file',
  mode: 0o644,
  uid: 0,
  gid: 0,
  size: 0,
  mtimeSec: 0,
  mtimeNsec: 0,
  target: '',
  major: 0,
  minor: 0,
  xattrs: new Map(),
};

export type Fields = Partial<Record<keyof typeof FIELDS, string | Buffer>>;

/** A header block with a right checksum; what is not given is that of an empty file `name`. */
export function block(fields: Fields, spoil: (made: Buffer) => void = () => undefined): Buffer {
  const made = Buffer.alloc(512);
  const all: Fields = { name: 'name', mode: '0000644', size: '0', type: '0', magic: 'ustar\u000000', ...fields };
  for (const [field, value = ''] of Object.entries(all))
    made.set(Buffer.from(value as string, 'latin1'), FIELDS[field as keyof typeof FIELDS][0]);
  spoil(made);
  if (fields.checksum === undefined)
    made.write(`${checksum(made).toString(8).padStart(6, '0')}\0 `, FIELDS.checksum[0]);
  return made;
}

export function padded(content: string | Buffer): Buffer {
  const bytes = Buffer.from(content as string);
  return Buffer.concat([bytes, Buffer.alloc(paddingOf(bytes.length))]);
}

/** A header and its content. */
export function entry(fields: Fields, content: string | Buffer = ''): Buffer {
  return Buffer.concat([
    block({ size: Buffer.from(content as string).length.toString(8), ...fields }),
    padded(content),
  ]);
}

/** Twelve bytes with a number as GNU tar writes those that are too large for octal digits. */
export function binary(value: bigint): Buffer {
  const bytes = Buffer.alloc(12);
  bytes.writeBigInt64BE(value, 4);
  bytes.fill(value < 0n ? 0xff : 0, 0, 4);
  if (value >= 0n) bytes[0] = 0x80;
  return bytes;
}

export interface Read {
  readonly header: TarHeader;
  /** With its holes, as zeros. */
  readonly content: Buffer;
}

/** Everything, cut into chunks of so many bytes. */
export async function readAll(archive: Buffer, chunkBytes = 1000): Promise<Read[]> {
  const found: Read[] = [];
  for await (const { header, content } of readTar(chunks(archive, chunkBytes))) {
    const bytes = Buffer.alloc(Math.min(header.size, 1_000_000));
    for await (const part of content) part.bytes.copy(bytes, part.offset);
    found.push({ header, content: bytes });
  }
  return found;
}

async function* chunks(archive: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < archive.length; at += size) yield archive.subarray(at, at + size);
}
