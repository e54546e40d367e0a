/** Booleans in the forms that Go's strconv.ParseBool accepts. */

const WORDS: ReadonlyMap<string, boolean> = new Map([
  ...['1', 't', 'T', 'true', 'TRUE', 'True'].map((word) => [word, true] as const),
  ...['0', 'f', 'F', 'false', 'FALSE', 'False'].map((word) => [word, false] as const),
]);

/** Parses a boolean; undefined for any other text. */
export function parseGoBoolean(text: string): boolean | undefined {
  return WORDS.get(text);
}
