/** AbortSignal as the library uses it: one error code, whatever the reason. */
import { TspodError } from '../errors.js';

/** The error of what was given up because its signal said so; the reason is the cause. */
export function abortedError(what: string, signal: AbortSignal): TspodError {
  return new TspodError('ABORTED', `${what}: aborted`, { cause: signal.reason });
}

export function throwIfAborted(what: string, signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw abortedError(what, signal);
}

/** Calls back when the signal aborts, until the returned function is called. */
export function onAbort(signal: AbortSignal | undefined, listener: () => void): () => void {
  if (signal === undefined) return () => {};
  signal.addEventListener('abort', listener, { once: true });
  return () => signal.removeEventListener('abort', listener);
}

/** Calls back at once for a signal that has aborted already (its event comes once), or when it does, until the returned function is called. */
export function whenAborted(signal: AbortSignal | undefined, action: () => void): () => void {
  if (signal?.aborted !== true) return onAbort(signal, action);
  action();
  return () => undefined;
}
