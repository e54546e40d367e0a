/** How large something may become when it is decompressed. */

/** So many times as large, and this on top: what grows more is a bomb. */
export interface GrowthLimit {
  readonly factor: number;
  readonly bytes: number;
}

/** Files of zeros grow more: a gigabyte of them is taken, an image of a disk of nothing else is not. */
export const GROWTH_LIMIT: GrowthLimit = { factor: 200, bytes: 1024 ** 3 };

/** What so many compressed bytes may become. */
export function mostUnpacked(compressed: number, { factor, bytes }: GrowthLimit = GROWTH_LIMIT): number {
  return compressed * factor + bytes;
}
