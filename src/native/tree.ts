/** Deleting trees that others may be changing: by descriptors, never through links. */
import { abortedError, onAbort, throwIfAborted } from './abort.js';
import { requireAbsolutePath } from './arguments.js';
import { binding } from './binding.js';
import { isFailure, unwrap } from './native-error.js';
import { requireOptions, SIGNAL } from './options.js';

const ECANCELED = 125;

/**
 * Deletes a file, or a directory with all in it, off the main thread. Follows no link and enters no other mount; what is gone already is
 * success. Works at any depth. The path is absolute and does not end with a slash, `.` or `..` (TypeError). NativeError EBUSY or EXDEV if something
 * is mounted in the tree, TspodError ABORTED when the signal aborts: a part may be gone then.
 *
 * For trees that a hostile process may be changing meanwhile: node:fs follows paths, which such a process redirects.
 */
export async function removeTree(path: string, options: { readonly signal?: AbortSignal } = {}): Promise<void> {
  requireOptions('removeTree options', options, SIGNAL);
  requireRemovable(path);
  const { signal } = options;
  throwIfAborted(`remove "${path}"`, signal);
  const { id, done } = binding().removeTree(path);
  const forget = onAbort(signal, () => binding().cancel(id));
  const outcome = await done;
  forget();
  if (isFailure(outcome) && outcome.errno === ECANCELED && signal?.aborted === true) {
    throw abortedError(`remove "${path}"`, signal);
  }
  unwrap(outcome);
}

/** As removeTree(), on this thread: for a tree that is known to be tiny, where a thread would take longer than the work. */
export function removeTreeSync(path: string): void {
  requireRemovable(path);
  unwrap(binding().removeTreeNow(path));
}

function requireRemovable(path: string): void {
  const what = 'the absolute path of a tree';
  // The last two lead to a directory by another name than its own: rm(1) refuses them as well.
  if (/\/\.{0,2}$/.test(requireAbsolutePath(path, what))) throw new TypeError(`not ${what}: ${JSON.stringify(path)}`);
}
