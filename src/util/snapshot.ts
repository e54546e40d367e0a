/** Copies of options, which their owner may change while a call works with them. */

/**
 * Copies plain objects and arrays at every depth. Everything else stays the same value: streams, buffers, signals,
 * functions, and objects with symbols as keys, such as one that is an async iterable.
 */
export function snapshot<T>(value: T): T {
  return copied(value) as T;
}

function copied(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copied);
  if (!isPlain(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, copied(item)]));
}

function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  const isOfNoClass = prototype === Object.prototype || prototype === null;
  return isOfNoClass && Object.getOwnPropertySymbols(value).length === 0;
}
