/**
 * The header of one file in an archive, independent of the archive's format. Paths, names and values are bytes: here
 * binary text (util/binary-text.ts).
 */
import type { BinaryText } from '../util/binary-text.js';

export type TarType = 'file' | 'hardlink' | 'symlink' | 'character' | 'block' | 'directory' | 'fifo';

/** A part of a file that is not a hole. */
export interface DataRange {
  readonly offset: number;
  readonly size: number;
}

export interface TarHeader {
  /** Path as in the archive, but without the trailing slash of a directory. */
  readonly path: BinaryText;
  readonly type: TarType;
  /** Permissions and set-id bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Size of a file's content. */
  readonly size: number;
  readonly mtimeSec: number;
  readonly mtimeNsec: number;
  /** Target of a symbolic link, or the path in the archive that a hard link refers to; else ''. */
  readonly target: BinaryText;
  /** Device number. */
  readonly major: number;
  readonly minor: number;
  /** SCHILY.xattr records of pax headers. */
  readonly xattrs: ReadonlyMap<BinaryText, Uint8Array>;
}

export const BLOCK_BYTES = 512;

/** The type flag of each type. */
export const TYPE_FLAGS: Readonly<Record<TarType, string>> = {
  file: '0',
  hardlink: '1',
  symlink: '2',
  character: '3',
  block: '4',
  directory: '5',
  fifo: '6',
};

/** Offset and length of each field in a header block. */
export const FIELDS = {
  name: [0, 100],
  mode: [100, 8],
  uid: [108, 8],
  gid: [116, 8],
  size: [124, 12],
  mtime: [136, 12],
  checksum: [148, 8],
  type: [156, 1],
  linkName: [157, 100],
  magic: [257, 8],
  major: [329, 8],
  minor: [337, 8],
  prefix: [345, 155],
} as const satisfies Readonly<Record<string, readonly [number, number]>>;

export const XATTR_RECORD = 'SCHILY.xattr.';

/** Returns the sum of a header block's bytes, with its checksum field taken as spaces. */
export function checksum(block: Uint8Array): number {
  const [start, length] = FIELDS.checksum;
  let sum = 0;
  for (let at = 0; at < BLOCK_BYTES; at += 1) sum += at >= start && at < start + length ? 0x20 : (block[at] ?? 0);
  return sum;
}

/** Returns the number of bytes that fill the last block of a file's content. */
export function paddingOf(size: number): number {
  return (BLOCK_BYTES - (size % BLOCK_BYTES)) % BLOCK_BYTES;
}
