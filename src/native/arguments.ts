/**
 * Checks of arguments from outside. They are checked here because the addon aborts the process over an argument of the
 * wrong type. Misuse is a TypeError.
 */

/**
 * Returns the value if it is text that a C string can hold; throws TypeError otherwise. `what` names the expected value
 * in the error: `not ${what}: ...`.
 */
export function requireText(value: unknown, what: string): string {
  if (typeof value !== 'string' || value.includes('\0')) throw new TypeError(`not ${what}: ${shown(value)}`);
  return value;
}

/**
 * Returns the value if it is an absolute path. A relative one would mean a different file on each thread: threads that
 * work in a mount namespace have a working directory of their own.
 */
export function requireAbsolutePath(value: unknown, what = 'an absolute path'): string {
  const path = requireText(value, what);
  if (!path.startsWith('/')) throw new TypeError(`not ${what}: ${shown(path)}`);
  return path;
}

/** Returns the value if it is a whole number from 0 to `most`; throws TypeError otherwise. */
export function requireWhole(value: unknown, what: string, most = Number.MAX_SAFE_INTEGER): number {
  const valid = typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= most;
  if (!valid) throw new TypeError(`not ${what}: ${shown(value)}`);
  return value;
}

const MAX_DESCRIPTOR = 0x7fffffff;

export function requireDescriptor(value: unknown): number {
  return requireWhole(value, 'a descriptor', MAX_DESCRIPTOR);
}

/**
 * Throws TypeError unless the value is a plain object. The properties of a class instance may be inherited, and would
 * not be seen.
 */
export function requireObject(value: unknown, what: string): void {
  const prototype: unknown = typeof value === 'object' && value !== null ? Object.getPrototypeOf(value) : undefined;
  // The prototype of an object from another realm is that realm's Object.prototype, which has no prototype itself.
  const isPlain = prototype === null || (typeof prototype === 'object' && Object.getPrototypeOf(prototype) === null);
  if (!isPlain) throw new TypeError(`${what} must be a plain object`);
}

export function requireArray(value: readonly unknown[], what: string): void {
  if (!Array.isArray(value)) throw new TypeError(`not ${what}: ${shown(value)}`);
}

/** Returns the value if it is a key of the table; throws TypeError otherwise. */
export function requireKey<T extends string>(table: Readonly<Record<T, unknown>>, value: T, what: string): T {
  if (!Object.hasOwn(table, value)) throw new TypeError(`not ${what}: ${shown(value)}`);
  return value;
}

function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}
