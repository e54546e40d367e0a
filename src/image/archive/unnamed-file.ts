/** Temporary files without a name, which vanish when the process ends, even if it is killed. */
import { createWriteStream, openSync, unlinkSync, type WriteStream } from 'node:fs';
import { join } from 'node:path';

import { randomBytes } from '../../native/primitives.js';

/** Creates a file for writing and reading, and unlinks it at once. The caller closes it. */
export function openUnnamed(directory: string): number {
  const path = join(directory, `tspod-${randomBytes(8).toString('hex')}`);
  const fd = openSync(path, 'wx+', 0o600);
  unlinkSync(path);
  return fd;
}

/**
 * Writes the file from its beginning through another descriptor: on an error, a stream closes the one that it was
 * given.
 */
export function writeUnnamed(fd: number): WriteStream {
  return createWriteStream(`/proc/self/fd/${fd}`, { flags: 'r+' });
}
