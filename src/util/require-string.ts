/** Checks names and ids: an untyped program may pass a handle, or nothing. */

/** Throws TypeError if the value is not a string. */
export function requireString(what: string, value: unknown): void {
  if (typeof value === 'string') return;
  const given = value === null || Array.isArray(value) ? JSON.stringify(value) : typeof value;
  throw new TypeError(`${what} must be a string, not ${given}`);
}
