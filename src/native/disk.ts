/** Guarantees of a disk: space for later writes, and that written data survives a power cut. */
import { closeSync, fsyncSync, openSync } from 'node:fs';

import { binding } from './binding.js';
import { unwrap } from './native-error.js';

/**
 * Reserves space for a file to grow to so many bytes, whatever else fills the disk meanwhile; its length does not
 * change (fallocate(2)). This process must not hold fcntl(2) locks on the file: they would be lost. NativeError ENOSPC,
 * EDQUOT; EOPNOTSUPP if the file system cannot reserve space.
 */
export function reserveSpace(path: string, bytes: number): void {
  unwrap(binding().reserveSpace(path, bytes));
}

/**
 * Waits until all that was written to the file system of a directory is on its disk (syncfs(2)). NativeError EIO,
 * ENOSPC if some of it is not.
 */
export async function syncFileSystem(directory: string): Promise<void> {
  unwrap(await binding().syncFileSystem(directory));
}

/** Waits until a file, or the entries of a directory, are on the disk (fsync(2)). Failures are those of node:fs. */
export function syncPath(path: string): void {
  const fd = openSync(path, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
