/** How deep trees may be that are walked from directory to directory. */
import { TspodError } from '../errors.js';

/** Each level holds a descriptor or two, and a call of JavaScript's; a tree of use has a tenth of this. */
const MAX_DEPTH = 400;

/** Throws NOT_SUPPORTED for a directory with so many others above it that it is not to be `archived` or `compared`. */
export function checkDepth(depth: number, what: 'archived' | 'compared'): void {
  if (depth > MAX_DEPTH)
    throw new TspodError('NOT_SUPPORTED', `directories that are nested deeper than ${MAX_DEPTH} are not ${what}`);
}
