/** Files that may be gone; any other error (no descriptors, no memory, a broken disk) says nothing about that, and is thrown. */
import { readFileSync, unlinkSync } from 'node:fs';

import { requireGone } from '../util/gone.js';

/** Its text; undefined if there is no such file, or, below /proc, no such process. */
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
