/** Iterators that can be left while they wait for what comes next. */
import { whenAborted } from '../../native/abort.js';

/**
 * Returns an iterator over the generator's values that can be left while a next() waits (by return() or throw():
 * Readable.destroy() and the like). A generator alone would not go on until something comes; here the generator's
 * signal aborts, and the next() ends. That signal aborts with the caller's as well.
 */
export function leavable<T>(
  signal: AbortSignal | undefined,
  begin: (signal: AbortSignal) => AsyncGenerator<T, void, undefined>,
): AsyncIterableIterator<T> {
  const either = new AbortController();
  const forget = whenAborted(signal, () => {
    either.abort(signal?.reason);
  });
  const source = begin(either.signal);
  const waiting = new Set<() => void>();
  const leave = () => {
    forget();
    either.abort();
    for (const end of waiting) end();
  };
  const take = async (): Promise<IteratorResult<T, void>> => {
    try {
      const result = await source.next();
      if (result.done === true) forget();
      return result;
    } catch (error) {
      forget();
      throw error;
    }
  };
  const next = (): Promise<IteratorResult<T, void>> =>
    new Promise((resolve, reject) => {
      const end = () => {
        resolve({ done: true, value: undefined });
      };
      waiting.add(end);
      void take()
        .then(resolve, reject)
        .finally(() => waiting.delete(end));
    });
  return {
    next,
    return() {
      leave();
      return source.return();
    },
    throw(error: unknown) {
      leave();
      return source.throw(error);
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
