/**
 * Path patterns of Go's path.Match: `*`, `?`, `[a-z]`, `[^a-z]`, and `\` to escape a character. A pattern matches a
 * whole text.
 */

const SPECIAL = /[\\^$.*+?()[\]{}|/-]/;

/** Returns the pattern as a regular expression; undefined for a malformed pattern, which matches nothing. */
export function pathPattern(pattern: string): RegExp | undefined {
  const rest = [...pattern];
  let expression = '';
  while (rest.length > 0) {
    const character = rest.shift();
    const part = character === '[' ? takeClass(rest) : character === '\\' ? quoted(rest.shift()) : single(character);
    if (part === undefined) return undefined;
    expression += part;
  }
  return new RegExp(`^${expression}$`, 'su');
}

function single(character: string | undefined): string | undefined {
  if (character === '*') return '[^/]*';
  return character === '?' ? '[^/]' : quoted(character);
}

function quoted(character: string | undefined): string | undefined {
  return character !== undefined && SPECIAL.test(character) ? `\\${character}` : character;
}

/** Reads a character class after its `[`, including the `]`. */
function takeClass(rest: string[]): string | undefined {
  const isNegated = rest[0] === '^';
  if (isNegated) rest.shift();
  let ranges = '';
  for (let count = 0; count === 0 || rest[0] !== ']'; count++) {
    const low = takeEnd(rest);
    const isRange = rest[0] === '-';
    if (isRange) rest.shift();
    const high = isRange ? takeEnd(rest) : low;
    // An unterminated class is malformed.
    if (low === undefined || high === undefined || rest.length === 0) return undefined;
    // A range from a higher to a lower character is empty.
    if (code(low) <= code(high)) ranges += `${quoted(low)}-${quoted(high)}`;
  }
  rest.shift();
  return `[${isNegated ? '^' : ''}${ranges}]`;
}

/** Reads one end of a range. */
function takeEnd(rest: string[]): string | undefined {
  const character = rest.shift();
  if (character === '-' || character === ']') return undefined;
  return character === '\\' ? rest.shift() : character;
}

function code(character: string): number {
  return character.codePointAt(0) ?? 0;
}
