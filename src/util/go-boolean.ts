/** Truth values as Go's strconv.ParseBool takes them. */

const WORDS: ReadonlyMap<string, boolean> = new Map([
  ...['1', 't', 'T', 'true', 'TRUE', 'True'].map((word) => [word, true] as const),
  ...['0', 'f', 'F', 'false', 'FALSE', 'False'].map((word) => [word, false] as const),
]);

/** Undefined: it is none. */
export function parseGoBoolean(text: string): boolean | undefined {
  return WORDS.get(text);
}
