/** Space of a file system. */
import { statfsSync } from 'node:fs';

export interface DiskSpace {
  readonly totalBytes: number;
  readonly usedBytes: number;
}

/** Returns the space of the file system that a directory is on. */
export function diskSpace(directory: string): DiskSpace {
  const { blocks, bfree, bsize } = statfsSync(directory);
  return { totalBytes: blocks * bsize, usedBytes: (blocks - bfree) * bsize };
}
