/** Names and ids that a program without types passes: a handle, or nothing, where a text is wanted. */

/** Throws TypeError. */
export function requireString(what: string, value: unknown): void {
  if (typeof value === 'string') return;
  const given = value === null || Array.isArray(value) ? JSON.stringify(value) : typeof value;
  throw new TypeError(`${what} must be a string, not ${given}`);
}
