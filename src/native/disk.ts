/** What a disk promises: room for what is written later, and that what was written survives a power cut. */
import { closeSync, fsyncSync, openSync } from 'node:fs';

import { binding } from './binding.js';
import { unwrap } from './native-error.js';

/**
 * Room for the file to grow to so many bytes, whatever else fills the disk meanwhile; its length stays as it is (fallocate(2)). It must not have locks of the
 * fcntl(2) kind that are this process's: they would be lost. NativeError ENOSPC, EDQUOT; EOPNOTSUPP where the file system has no such promise.
 */
export function reserveSpace(path: string, bytes: number): void {
  unwrap(binding().reserveSpace(path, bytes));
}

/** Waits until all that was written to the file system of a directory is on its disk (syncfs(2)). NativeError EIO, ENOSPC: something of it is not. */
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
