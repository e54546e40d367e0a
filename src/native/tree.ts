/** Removal of trees that other processes may be changing: through descriptors, never through links. */
import { abortedError, onAbort, throwIfAborted } from './abort.js';
import { requireAbsolutePath } from './arguments.js';
import { binding } from './binding.js';
import { isFailure, unwrap } from './native-error.js';
import { requireOptions, SIGNAL } from './options.js';

const ECANCELED = 125;

/**
 * Removes a file, or a directory with all its contents, off the main thread. Follows no link and enters no other mount;
 * a path that is gone already is success. Works at any depth. The path is absolute and does not end with a slash, `.`
 * or `..` (TypeError). NativeError EBUSY or EXDEV if something is mounted in the tree, TspodError ABORTED when the
 * signal aborts, after which parts may be gone.
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

/**
 * Removes a tree like removeTree(), but on this thread: for a tree that is known to be tiny, for which starting a
 * thread would take longer than the work.
 */
export function removeTreeSync(path: string): void {
  requireRemovable(path);
  unwrap(binding().removeTreeNow(path));
}

function requireRemovable(path: string): void {
  const what = 'the absolute path of a tree';
  // `.` and `..` name a directory by another name than its own: rm(1) refuses them as well.
  if (/\/\.{0,2}$/.test(requireAbsolutePath(path, what))) throw new TypeError(`not ${what}: ${JSON.stringify(path)}`);
}
