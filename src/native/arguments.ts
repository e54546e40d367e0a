/** Arguments from outside: checked here, since the addon ends the process over one of the wrong type. Misuse is a TypeError. */

/** Text that a C string can hold. `what` says what was expected: `not ${what}: ...`. */
export function requireText(value: unknown, what: string): string {
  if (typeof value !== 'string' || value.includes('\0')) throw new TypeError(`not ${what}: ${shown(value)}`);
  return value;
}

/** A relative one would mean another file on each thread: those that work in a mount namespace have a working directory of their own. */
export function requireAbsolutePath(value: unknown, what = 'an absolute path'): string {
  const path = requireText(value, what);
  if (!path.startsWith('/')) throw new TypeError(`not ${what}: ${shown(path)}`);
  return path;
}

/** A whole number from 0 on. */
export function requireWhole(value: unknown, what: string, most = Number.MAX_SAFE_INTEGER): number {
  const valid = typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= most;
  if (!valid) throw new TypeError(`not ${what}: ${shown(value)}`);
  return value;
}

const MAX_DESCRIPTOR = 0x7fffffff;

export function requireDescriptor(value: unknown): number {
  return requireWhole(value, 'a descriptor', MAX_DESCRIPTOR);
}

/** Not an instance of a class: what that has is not its own, and would not be seen. */
export function requireObject(value: unknown, what: string): void {
  const prototype: unknown = typeof value === 'object' && value !== null ? Object.getPrototypeOf(value) : undefined;
  // An object of another realm has a prototype like this realm's, which has none itself.
  const isPlain = prototype === null || (typeof prototype === 'object' && Object.getPrototypeOf(prototype) === null);
  if (!isPlain) throw new TypeError(`${what} must be a plain object`);
}

export function requireArray(value: readonly unknown[], what: string): void {
  if (!Array.isArray(value)) throw new TypeError(`not ${what}: ${shown(value)}`);
}

/** One of the keys of a table. */
export function requireKey<T extends string>(table: Readonly<Record<T, unknown>>, value: T, what: string): T {
  if (!Object.hasOwn(table, value)) throw new TypeError(`not ${what}: ${shown(value)}`);
  return value;
}

function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}
