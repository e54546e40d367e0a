/** Compressions, known by their first bytes. */

/** Those that are not undone. */
export type ForeignCompression = 'xz' | 'bzip2';

/** As many tell. */
export const COMPRESSION_BYTES = 10;

const XZ = 'fd377a585a00';
/** `BZh`, a digit, and a block or the end. A tar archive can begin with the name of a file that begins with `BZh` as well. */
const BZIP2 = /^425a683[1-9](314159265359|177245385090)/;

export function foreignCompression(head: Buffer): ForeignCompression | undefined {
  const start = head.toString('hex', 0, COMPRESSION_BYTES);
  if (start.startsWith(XZ)) return 'xz';
  return BZIP2.test(start) ? 'bzip2' : undefined;
}

export function isGzip(head: Buffer): boolean {
  return head.length >= 2 && head.readUInt16BE() === 0x1f8b;
}

/** Frames that hold no content may come first: 0x184D2A50 to 0x184D2A5F (RFC 8878, 3.1.2). */
export function isZstd(head: Buffer): boolean {
  if (head.length < 4) return false;
  const magic = head.readUInt32LE();
  return magic === 0xfd2fb528 || (magic & 0xfffffff0) === 0x184d2a50;
}

/** What is said of `what`, and how to go on. */
export function foreignText(what: string, compression: ForeignCompression | 'zstd'): string {
  return `${what} is compressed with ${compression}, which is not supported: decompress it first, as with "${compression} -dc"`;
}
