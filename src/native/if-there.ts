/**
 * Access to files that may be gone. Any other error (no descriptors, no memory, a broken disk) does not mean that a
 * file is gone, and is thrown.
 */
import { readFileSync, unlinkSync } from 'node:fs';

import { requireGone } from '../util/gone.js';

/** Returns the text of a file; undefined if the file does not exist or, below /proc, the process does not. */
export function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    requireGone(error);
    return undefined;
  }
}

export function unlinkIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
