/** Temporary files that are gone when whoever uses them ends, also by a kill. */
import { createWriteStream, openSync, unlinkSync, type WriteStream } from 'node:fs';
import { join } from 'node:path';

import { randomBytes } from '../../native/primitives.js';

/** A new file to be written and read, whose name is taken away at once. Closed by the caller. */
export function openUnnamed(directory: string): number {
  const path = join(directory, `tspod-${randomBytes(8).toString('hex')}`);
  const fd = openSync(path, 'wx+', 0o600);
  unlinkSync(path);
  return fd;
}

/** Writes it from its beginning, by a descriptor of its own: a stream closes what it is given when it fails. */
export function writeUnnamed(fd: number): WriteStream {
  return createWriteStream(`/proc/self/fd/${fd}`, { flags: 'r+' });
}
