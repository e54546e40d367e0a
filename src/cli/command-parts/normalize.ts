/** Rewrites a command line so that commander parses it as Podman's parser would. */
import type { Flag } from './flag.js';
import { longNames, takesValue } from './flag.js';

export interface NormalizeOptions {
  /** Whether flags end at the first argument. */
  readonly passThrough: boolean;
}

export interface NormalizedArguments {
  readonly args: readonly string[];
  /** Flags that occur in the line: only these are defined in commander, to save time. */
  readonly used: ReadonlySet<Flag>;
  /** Names of switches that were turned off with =false: commander needs a --no- form for them. */
  readonly negated: ReadonlySet<string>;
  /**
   * First letter that is not a flag, and the word that contains it; `args` ends before that word, because commander
   * would take a word such as -9 for an argument.
   */
  readonly unknown?: { readonly letter: string; readonly word: string };
}

/** Flags by long and by short name, and those of them that occurred. */
interface Index {
  readonly long: ReadonlyMap<string, Flag>;
  readonly short: ReadonlyMap<string, Flag>;
  readonly used: Set<Flag>;
}

function indexFlags(flags: readonly Flag[]): Index {
  return {
    long: new Map(flags.flatMap((flag) => longNames(flag).map((name) => [name, flag] as const))),
    short: new Map(flags.flatMap((flag) => (flag.short === undefined ? [] : [[flag.short, flag] as const]))),
    used: new Set(),
  };
}

function findLong(index: Index, name: string): Flag | undefined {
  const flag = index.long.get(name);
  if (flag !== undefined) index.used.add(flag);
  return flag;
}

/**
 * Rewrites switches with a value to --switch or --no-switch, and joins optional values to their flags. This is needed
 * because commander has no --switch=false, and takes the word after a flag with an optional value as that value even if
 * it is meant for the container.
 */
export function normalizeArguments(
  flags: readonly Flag[],
  argv: readonly string[],
  options: NormalizeOptions,
): NormalizedArguments {
  const index = indexFlags(flags);
  const args: string[] = [];
  const negated = new Set<string>();
  for (let at = 0; at < argv.length; at++) {
    const word = argv[at] as string;
    if (word === '--' || (options.passThrough && !isFlag(word))) {
      args.push(...argv.slice(at));
      break;
    }
    const letter = unknownLetter(index, word);
    if (letter !== undefined) return { args, used: index.used, negated, unknown: { letter, word } };
    const flag = word.startsWith('--') ? findLong(index, word.slice(2)) : undefined;
    if (word.startsWith('--') && word.includes('=')) {
      args.push(switchForm(index, word, negated));
    } else if (flag?.kind === 'maybe') {
      const value = argv[at + 1];
      if (value === undefined || isFlag(value)) args.push(`${word}=`);
      else args.push(`${word}=${argv[++at] as string}`);
    } else if (/^-[^-=]+=/.test(word) && lastIsSwitch(index, word)) {
      args.push(...lettersForm(index, word, negated));
    } else {
      args.push(withoutEquals(index, word));
      if (wantsNext(index, word, flag) && at + 1 < argv.length) args.push(argv[++at] as string);
    }
  }
  return { args, used: index.used, negated };
}

function isFlag(word: string): boolean {
  return word.length > 1 && word.startsWith('-');
}

/** Returns the first letter that is not a flag in a word like -itx, whose last letter may be followed by its value. */
function unknownLetter(index: Index, word: string): string | undefined {
  if (!isFlag(word) || word.startsWith('--')) return undefined;
  for (const letter of word.slice(1).replace(/(?<=.)=.*/su, '')) {
    const flag = index.short.get(letter);
    if (flag === undefined) return letter;
    if (takesValue(flag)) return undefined;
  }
  return undefined;
}

/** Rewrites --rm=false to --no-rm; returns other words as they are. */
function switchForm(index: Index, word: string, negated: Set<string>): string {
  const equals = word.indexOf('=');
  const flag = findLong(index, word.slice(2, equals));
  const value = word.slice(equals + 1);
  if (flag?.kind !== 'bool') return word;
  if (/^(1|t|T|TRUE|true|True)$/.test(value)) return word.slice(0, equals);
  if (!/^(0|f|F|FALSE|false|False)$/.test(value)) return word;
  negated.add(flag.name);
  return `--no-${flag.name}`;
}

/** Whether all letters before the = are switches, as in -it=false. */
function lastIsSwitch(index: Index, word: string): boolean {
  return [...word.slice(1, word.indexOf('='))].every((letter) => index.short.get(letter)?.kind === 'bool');
}

/** Rewrites -it=false to -i --no-tty: the value belongs to the last letter. */
function lettersForm(index: Index, word: string, negated: Set<string>): readonly string[] {
  const equals = word.indexOf('=');
  const before = word.slice(0, equals - 1);
  wantsNext(index, before, undefined);
  const last = index.short.get(word[equals - 1] ?? '');
  const form = switchForm(index, `--${last?.name ?? ''}${word.slice(equals)}`, negated);
  return before === '-' ? [form] : [before, form];
}

/** Whether the value of this word's flag is the next word. */
function wantsNext(index: Index, word: string, long: Flag | undefined): boolean {
  if (long !== undefined) return takesValue(long);
  if (word.startsWith('--') || !isFlag(word)) return false;
  // In -it, all letters but the last are switches; in -ename=x, the value is part of the word.
  for (let i = 1; i < word.length; i++) {
    const flag = index.short.get(word[i] as string);
    if (flag === undefined) return false;
    index.used.add(flag);
    if (takesValue(flag)) return i === word.length - 1;
  }
  return false;
}

/** Rewrites -e=a=b to -ea=b, which commander understands; the same for the last letter of a group. */
function withoutEquals(index: Index, word: string): string {
  const [, letters = '', value] = /^-([^-=]+)=(.+)$/s.exec(word) ?? [];
  if (value === undefined) return word;
  const first = [...letters].findIndex((letter) => index.short.get(letter)?.kind !== 'bool');
  const flag = index.short.get(letters[first] ?? '');
  return first === letters.length - 1 && flag !== undefined && takesValue(flag) ? `-${letters}${value}` : word;
}

/** Returns the index of the first word that is neither one of `flags` nor its value; the length if there is none. */
export function firstArgument(flags: readonly Flag[], argv: readonly string[]): number {
  const index = indexFlags(flags);
  for (let at = 0; at < argv.length; at++) {
    const word = argv[at] as string;
    if (!isFlag(word)) return at;
    if (word.includes('=') && word.startsWith('--')) continue;
    if (wantsNext(index, word, word.startsWith('--') ? findLong(index, word.slice(2)) : undefined)) at++;
  }
  return argv.length;
}
