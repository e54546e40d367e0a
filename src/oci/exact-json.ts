/** JSON with whole numbers of 64 bits: a `bigint` where a number would not be exact. */

/** A string, or a number. */
const TOKENS = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g;

/**
 * Makes strings of the numbers that JSON.parse() would round: NUL and the digits, which largeInteger() reads. What is no number in JSON stays, to be refused.
 */
export function keepLargeIntegers(text: string): string {
  if (!/\d{16}/.test(text)) return text;
  return text.replace(TOKENS, (token) =>
    /^[1-9]\d{15,19}$/.test(token) && !Number.isSafeInteger(Number(token)) ? `"\\u0000${token}"` : token,
  );
}

/** A number that keepLargeIntegers() has kept; any other value as it is. */
export function largeInteger(value: unknown): unknown {
  return typeof value === 'string' && /^\0\d+$/.test(value) ? BigInt(value.slice(1)) : value;
}

/** JSON.stringify(), with a `bigint` as the number that it is. No string may be NUL and digits. */
export function stringifyExactly(value: unknown): string {
  const text = JSON.stringify(value, (_key, item: unknown) => (typeof item === 'bigint' ? `\0${item}` : item));
  return text.replaceAll(/"\\u0000(\d+)"/g, '$1');
}
