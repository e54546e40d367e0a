/** Reacting to an AbortSignal that may have aborted already: its event comes once, and not to those who listen later. */
import { onAbort } from '../native/abort.js';

/** Calls back at once or when the signal aborts, until the returned function is called. */
export function whenAborted(signal: AbortSignal | undefined, action: () => void): () => void {
  if (signal?.aborted !== true) return onAbort(signal, action);
  action();
  return () => undefined;
}
