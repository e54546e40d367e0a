/** Compressions that are known by their first bytes, and not undone. */

export type ForeignCompression = 'xz' | 'bzip2';

/** As many tell. */
export const COMPRESSION_BYTES = 10;

/** bzip2: `BZh`, a digit, and a block or the end. A tar archive can begin with the name of a file that begins with `BZh` as well. */
const FOREIGN: Readonly<Record<ForeignCompression, RegExp>> = {
  xz: /^\xfd7zXZ\0/,
  bzip2: /^BZh[1-9](1AY&SY|\x17rE8P\x90)/,
};

export function foreignCompression(head: Buffer): ForeignCompression | undefined {
  const start = head.toString('latin1', 0, COMPRESSION_BYTES);
  if (FOREIGN.xz.test(start)) return 'xz';
  return FOREIGN.bzip2.test(start) ? 'bzip2' : undefined;
}

/** What is said of `what`, and how to go on. */
export function foreignText(what: string, compression: ForeignCompression | 'zstd'): string {
  return `${what} is compressed with ${compression}, which is not supported: decompress it first, as with "${compression} -dc"`;
}
