/** Limits the depth of trees that are walked recursively, directory by directory. */
import { TspodError } from '../errors.js';

/** Each level holds one or two descriptors and a frame of JavaScript's stack; real trees have a tenth of this depth. */
const MAX_DEPTH = 400;

/** Throws NOT_SUPPORTED for a directory nested too deeply to be `archived`, `compared` or `removed`. */
export function checkDepth(depth: number, what: 'archived' | 'compared' | 'removed'): void {
  if (depth > MAX_DEPTH)
    throw new TspodError('NOT_SUPPORTED', `directories nested deeper than ${MAX_DEPTH} cannot be ${what}`);
}
