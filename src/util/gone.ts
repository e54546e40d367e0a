/**
 * Distinguishes errors that mean that something is gone from others (no descriptors, no memory, a broken disk), which
 * say nothing about that.
 */

const GONE: ReadonlySet<unknown> = new Set(['ENOENT', 'ENOTDIR', 'ESRCH', 'ECONNREFUSED', 'ECONNRESET', 'EPIPE']);

/** Whether the error means that a file, a process or the peer of a socket is gone. */
function isGone(error: unknown): boolean {
  return GONE.has((error as { readonly code?: unknown } | null)?.code);
}

/** Throws the error unless it means that something is gone. */
export function requireGone(error: unknown): void {
  if (!isGone(error)) throw error;
}
