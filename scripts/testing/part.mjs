/** Work of hours in parts: `--part 2/8` is the second of eight. */

/** Returns which items are of the part, as a function of an item and its index. Ends the program if the text is no part. */
export function partOf(text) {
  const [, part, parts] = (/^(\d+)\/(\d+)$/.exec(text) ?? []).map(Number);
  if (part >= 1 && part <= parts) return (_item, index) => index % parts === part - 1;
  console.error(`--part takes two numbers, as 2/8, not "${text}"`);
  process.exit(2);
}
