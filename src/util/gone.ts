/** Whether an error says that something is not there; any other one (no descriptors, no memory, a broken disk) says nothing about it. */

const GONE: ReadonlySet<unknown> = new Set(['ENOENT', 'ENOTDIR', 'ESRCH', 'ECONNREFUSED', 'ECONNRESET', 'EPIPE']);

/** Of a file, a process, or who listens at a socket. */
function isGone(error: unknown): boolean {
  return GONE.has((error as { readonly code?: unknown } | null)?.code);
}

/** Throws the error unless it says so. */
export function requireGone(error: unknown): void {
  if (!isGone(error)) throw error;
}
