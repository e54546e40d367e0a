/** Use of AbortSignal in the library: one error code, whatever the reason. */
import { setTimeout } from 'node:timers/promises';

import { TspodError } from '../errors.js';

/** Returns the error of work that was given up because its signal aborted; the signal's reason is the cause. */
export function abortedError(what: string, signal: AbortSignal): TspodError {
  return new TspodError('ABORTED', `${what}: aborted`, { cause: signal.reason });
}

export function throwIfAborted(what: string, signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw abortedError(what, signal);
}

/** Waits for `ms` milliseconds. Throws ABORTED, with a message that begins with `what`, when the signal aborts. */
export async function sleep(ms: number, what: string, signal: AbortSignal | undefined): Promise<void> {
  try {
    await setTimeout(ms, undefined, signal === undefined ? {} : { signal });
  } catch (error) {
    throwIfAborted(what, signal);
    throw error;
  }
}

/** Calls the listener when the signal aborts, until the returned function is called. */
export function onAbort(signal: AbortSignal | undefined, listener: () => void): () => void {
  if (signal === undefined) return () => {};
  signal.addEventListener('abort', listener, { once: true });
  return () => signal.removeEventListener('abort', listener);
}

/**
 * Calls the action when the signal aborts, or at once if it has aborted already (its event comes only once), until the
 * returned function is called.
 */
export function whenAborted(signal: AbortSignal | undefined, action: () => void): () => void {
  if (signal?.aborted !== true) return onAbort(signal, action);
  action();
  return () => undefined;
}
