/** JSON with whole numbers of 64 bits: a number that would not be exact becomes a `bigint`. */

/** Tokens of JSON: a string or a number. */
const TOKENS = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g;

/**
 * Parses like JSON.parse(), but returns whole numbers that it would round as marked strings, which largeInteger()
 * reads.
 */
export function parseExactly(text: string): unknown {
  return JSON.parse(keepLargeIntegers(text)) as unknown;
}

/** Replaces large whole numbers in JSON by strings of NUL and the digits. A malformed number is left, to be refused. */
function keepLargeIntegers(text: string): string {
  if (!/\d{16}/.test(text)) return text;
  return text.replace(TOKENS, (token) =>
    /^[1-9]\d{15,19}$/.test(token) && !Number.isSafeInteger(Number(token)) ? `"\\u0000${token}"` : token,
  );
}

/** Returns the `bigint` of a number that parseExactly() has kept; any other value as it is. */
export function largeInteger(value: unknown): unknown {
  return typeof value === 'string' && /^\0\d+$/.test(value) ? BigInt(value.slice(1)) : value;
}

/** Works like JSON.stringify(), but writes a `bigint` as a number. No string may be NUL and digits. */
export function stringifyExactly(value: unknown): string {
  const text = JSON.stringify(value, (_key, item: unknown) => (typeof item === 'bigint' ? `\0${item}` : item));
  return text.replaceAll(/"\\u0000(\d+)"/g, '$1');
}
