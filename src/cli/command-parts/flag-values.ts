/** Values of the given flags, by name. */
import { parseGoBoolean } from '../../util/go-boolean.js';
import { CliError } from '../errors/cli-error.js';
import { splitCommas } from '../parse/csv.js';
import type { Flag } from './flag.js';

export interface FlagValues {
  /** Whether the flag was given. */
  has(name: string): boolean;
  /** Whether the flag was given and is true. */
  bool(name: string): boolean;
  text(name: string): string | undefined;
  number(name: string): number | undefined;
  /** All values in order; empty if the flag was not given. */
  list(name: string): readonly string[];
}

/** Wraps the checked values of flags by name, each with its values in order. */
export function flagValues(raw: ReadonlyMap<string, readonly string[]>): FlagValues {
  const last = (name: string): string | undefined => raw.get(name)?.at(-1);
  return {
    has: (name) => raw.has(name),
    bool: (name) => last(name) === 'true',
    text: last,
    number: (name) => {
      const text = last(name);
      return text === undefined ? undefined : Number(text);
    },
    list: (name) => raw.get(name) ?? [],
  };
}

/** Combines the values of `given` with those of `fallback` for flags that `given` does not have. */
export function withFallback(given: FlagValues, fallback: FlagValues): FlagValues {
  const from = (name: string): FlagValues => (given.has(name) ? given : fallback);
  return {
    has: (name) => from(name).has(name),
    bool: (name) => from(name).bool(name),
    text: (name) => from(name).text(name),
    number: (name) => from(name).number(name),
    list: (name) => from(name).list(name),
  };
}

/**
 * Checks a typed value and converts it to the form that FlagValues keeps; splits it at commas if the kind says so.
 * Throws an Error with the reason.
 */
export function checkValue(flag: Flag, text: string): readonly string[] {
  switch (flag.kind) {
    case 'bool':
      return [parseBool(text)];
    case 'int':
      return [parseInteger('ParseInt', /^[+-]?/, text)];
    case 'uint':
      return [parseInteger('ParseUint', /^/, text)];
    case 'float':
      return [parseFloating(text)];
    case 'list':
      return text === '' ? [] : splitCommas(text);
    default:
      checkChoice(flag, text);
      return [text];
  }
}

function parseBool(text: string): string {
  const value = parseGoBoolean(text);
  if (value === undefined) throw new Error(switchProblem(text));
  return String(value);
}

export function switchProblem(text: string): string {
  return `strconv.ParseBool: parsing ${JSON.stringify(text)}: invalid syntax`;
}

/** Numbers as Go parses them with base 0: the prefix tells the base, and single underscores may separate digits. */
const DIGITS = /^(?:0[xX](?:_?[\da-fA-F])+|0[bB](?:_?[01])+|0[oO]?(?:_?[0-7])+|0|[1-9](?:_?\d)*)$/;

/** Returns the number in decimal digits. Throws an Error in Go's words. */
function parseInteger(name: string, sign: RegExp, text: string): string {
  const digits = text.replace(sign, '');
  if (!DIGITS.test(digits)) throw new Error(`strconv.${name}: parsing ${JSON.stringify(text)}: invalid syntax`);
  const magnitude = Number(digits.replaceAll('_', '').replace(/^0(?=\d)/, '0o'));
  const value = text.startsWith('-') ? -magnitude : magnitude;
  if (!Number.isSafeInteger(value))
    throw new Error(`strconv.${name}: parsing ${JSON.stringify(text)}: value out of range`);
  return String(value);
}

function parseFloating(text: string): string {
  const problem = (what: string) => new Error(`strconv.ParseFloat: parsing ${JSON.stringify(text)}: ${what}`);
  if (!/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text)) throw problem('invalid syntax');
  if (!Number.isFinite(Number(text))) throw problem('value out of range');
  return text;
}

function checkChoice(flag: Flag, text: string): void {
  if (flag.choices === undefined || flag.choices.includes(text)) return;
  throw new Error(
    `${JSON.stringify(text)} is not a valid value.  Choose from: ${JSON.stringify(flag.choices.join(', '))}`,
  );
}

/** Refuses flags that Podman has and tspod does not, unless their values ask for what tspod does anyway. */
export function refuseMissing(flags: readonly Flag[], values: FlagValues): void {
  for (const flag of flags) {
    if (flag.missing === undefined || !values.has(flag.name)) continue;
    const harmless = flag.harmless ?? [];
    if (values.list(flag.name).every((value) => harmless.includes(value))) continue;
    throw new CliError(`--${flag.name} is not supported yet: ${flag.missing}`);
  }
}
