/** JSON with whole numbers of 64 bits: a `bigint` where a number would not be exact. */

/** A string, or a number. */
const TOKENS = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g;

/** JSON.parse(), but for whole numbers that it would round: they come as strings, which largeInteger() reads. */
export function parseExactly(text: string): unknown {
  return JSON.parse(keepLargeIntegers(text)) as unknown;
}

/** Makes strings of them: NUL and the digits. What is no number in JSON stays, to be refused. */
function keepLargeIntegers(text: string): string {
  if (!/\d{16}/.test(text)) return text;
  return text.replace(TOKENS, (token) =>
    /^[1-9]\d{15,19}$/.test(token) && !Number.isSafeInteger(Number(token)) ? `"\\u0000${token}"` : token,
  );
}

/** A number that parseExactly() has kept; any other value as it is. */
export function largeInteger(value: unknown): unknown {
  return typeof value === 'string' && /^\0\d+$/.test(value) ? BigInt(value.slice(1)) : value;
}

/** JSON.stringify(), with a `bigint` as the number that it is. No string may be NUL and digits. */
export function stringifyExactly(value: unknown): string {
  const text = JSON.stringify(value, (_key, item: unknown) => (typeof item === 'bigint' ? `\0${item}` : item));
  return text.replaceAll(/"\\u0000(\d+)"/g, '$1');
}
