/** Recognizes compression formats by their first bytes. */

/** Formats that tspod does not decompress. */
export type ForeignCompression = 'xz' | 'bzip2';

/** Number of bytes that is enough to recognize each format. */
export const COMPRESSION_BYTES = 10;

const XZ = 'fd377a585a00';
/**
 * `BZh`, a digit, and the magic number of a block or of the end. `BZh` alone would not do: a tar archive may begin with
 * a file name that begins so.
 */
const BZIP2 = /^425a683[1-9](314159265359|177245385090)/;

export function foreignCompression(head: Buffer): ForeignCompression | undefined {
  const start = head.toString('hex', 0, COMPRESSION_BYTES);
  if (start.startsWith(XZ)) return 'xz';
  return BZIP2.test(start) ? 'bzip2' : undefined;
}

export function isGzip(head: Buffer): boolean {
  return head.length >= 2 && head.readUInt16BE() === 0x1f8b;
}

/** Whether the data is zstd. Skippable frames may come first: 0x184D2A50 to 0x184D2A5F (RFC 8878, 3.1.2). */
export function isZstd(head: Buffer): boolean {
  if (head.length < 4) return false;
  const magic = head.readUInt32LE();
  return magic === 0xfd2fb528 || (magic & 0xfffffff0) === 0x184d2a50;
}

/** Returns the error text for an unsupported compression, with a hint on what to do. */
export function foreignText(what: string, compression: ForeignCompression | 'zstd'): string {
  return `${what} is compressed with ${compression}, which is not supported: decompress it first, as with "${compression} -dc"`;
}
