/** Limits how large data may become when it is decompressed. */

/**
 * The limit is `factor` times the compressed size plus `bytes`; data that grows more is taken for a decompression bomb.
 */
export interface GrowthLimit {
  readonly factor: number;
  readonly bytes: number;
}

/**
 * Files of zeros grow more than that: a gigabyte of them is accepted, a larger disk image of nothing but zeros is not.
 */
export const GROWTH_LIMIT: GrowthLimit = { factor: 200, bytes: 1024 ** 3 };

/** Returns the maximum decompressed size for a compressed size, in bytes. */
export function maxUnpackedBytes(compressed: number, { factor, bytes }: GrowthLimit = GROWTH_LIMIT): number {
  return compressed * factor + bytes;
}
