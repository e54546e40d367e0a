/** fmt.Sprintf for the values of templates. */
import { floatString, goExponent, goString, sprint } from './print.js';
import { isFloat, isTagged, typeName, type GoValue } from './values.js';

/** Maximum width of a field; a larger one is an error in Go too. */
const MAX_WIDTH = 1_000_000;

interface Verb {
  readonly minus: boolean;
  readonly plus: boolean;
  readonly sharp: boolean;
  readonly space: boolean;
  readonly zero: boolean;
  readonly width: number | undefined;
  readonly precision: number | undefined;
  readonly letter: string;
}

const DIRECTIVE = /%([-+# 0]*)(\[\d+\])?(\*|\d+)?(?:\.(\*|\d*))?(\[\d+\])?(.|$)/gsu;

/** The arguments, and the index of the next one. */
interface Arguments {
  readonly values: readonly GoValue[];
  next: number;
  /** Whether a directive has chosen its argument by index; surplus arguments are then not reported. */
  reordered: boolean;
}

/**
 * Formats values. Wrong verbs and missing or surplus arguments are shown in the text as Go shows them: %!d(string=x).
 */
export function sprintf(format: string, values: readonly GoValue[]): string {
  const given: Arguments = { values, next: 0, reordered: false };
  let text = '';
  let at = 0;
  for (const match of format.matchAll(DIRECTIVE)) {
    text += format.slice(at, match.index) + formatDirective(match, given);
    at = match.index + match[0].length;
  }
  text += format.slice(at);
  return given.reordered || given.next >= values.length ? text : text + extra(values.slice(given.next));
}

function formatDirective(match: RegExpExecArray, given: Arguments): string {
  const [, flags = '', firstChoice, widthText, precisionText, choice, letter = ''] = match;
  choose(firstChoice, given);
  const width = size(widthText, given);
  const precision = size(precisionText, given);
  choose(choice, given);
  if (letter === '') return '%!(NOVERB)';
  if (letter === '%') return '%';
  if (given.next < 0 || given.next >= given.values.length)
    return `%!${letter}(${given.reordered ? 'BADINDEX' : 'MISSING'})`;
  const minus = flags.includes('-') || (width ?? 0) < 0;
  const verb: Verb = {
    minus,
    plus: flags.includes('+'),
    sharp: flags.includes('#'),
    space: flags.includes(' '),
    zero: flags.includes('0') && !minus,
    width: width === undefined ? undefined : Math.abs(width),
    precision,
    letter,
  };
  return formatValue(verb, given.values[given.next++]);
}

/** Applies an explicit index: [2] makes the second argument the next one. */
function choose(choice: string | undefined, given: Arguments): void {
  if (choice === undefined) return;
  given.next = Number(choice.slice(1, -1)) - 1;
  given.reordered = true;
}

/** Reads a width or precision: digits, or * for the next argument. */
function size(text: string | undefined, given: Arguments): number | undefined {
  if (text === undefined) return undefined;
  const value = text === '*' ? Number(given.values[given.next++]) : Number(text);
  return Number.isFinite(value) ? Math.max(-MAX_WIDTH, Math.min(MAX_WIDTH, value)) : undefined;
}

function extra(values: readonly GoValue[]): string {
  const items = values.map((value) =>
    value === undefined || value === null ? '<nil>' : `${typeName(value)}=${goString(value)}`,
  );
  return `%!(EXTRA ${items.join(', ')})`;
}

function formatValue(verb: Verb, value: GoValue): string {
  if (verb.letter === 'T') return pad(verb, typeName(value));
  if (verb.letter === 'v') return formatDefault(verb, value);
  if (typeof value === 'string') return formatString(verb, value);
  if (typeof value === 'number') return formatInteger(verb, value);
  if (isFloat(value)) return formatFloat(verb, value.value);
  if (typeof value === 'boolean' && verb.letter === 't') return pad(verb, String(value));
  if (isTagged(value) && value.kind === 'time' && verb.letter === 's') return pad(verb, goString(value));
  if (Array.isArray(value)) return `[${value.map((item: GoValue) => formatValue(verb, item)).join(' ')}]`;
  return bad(verb, value);
}

function formatDefault(verb: Verb, value: GoValue): string {
  if (typeof value === 'string')
    return verb.sharp ? pad(verb, JSON.stringify(value)) : formatString({ ...verb, letter: 's' }, value);
  if (typeof value === 'number') return formatInteger({ ...verb, letter: 'd' }, value);
  if (isFloat(value)) return formatFloat({ ...verb, letter: 'g' }, value.value);
  return pad(verb, goString(value, verb.plus));
}

function formatString(verb: Verb, value: string): string {
  const cut = verb.precision === undefined ? value : [...value].slice(0, verb.precision).join('');
  switch (verb.letter) {
    case 's':
      return pad(verb, cut);
    case 'q':
      return pad(verb, JSON.stringify(cut));
    case 'x':
      return pad(verb, Buffer.from(cut).toString('hex'));
    case 'X':
      return pad(verb, Buffer.from(cut).toString('hex').toUpperCase());
    default:
      return bad(verb, value);
  }
}

const BASES: Readonly<Record<string, { readonly radix: number; readonly prefix: string }>> = {
  d: { radix: 10, prefix: '' },
  b: { radix: 2, prefix: '0b' },
  o: { radix: 8, prefix: '0' },
  O: { radix: 8, prefix: '' },
  x: { radix: 16, prefix: '0x' },
  X: { radix: 16, prefix: '0X' },
};

function formatInteger(verb: Verb, value: number): string {
  const base = BASES[verb.letter];
  if (base !== undefined) {
    const digits = Math.abs(value)
      .toString(base.radix)
      .padStart(verb.precision ?? 0, '0');
    const prefix = verb.letter === 'O' ? '0o' : verb.sharp ? base.prefix : '';
    return padNumber(
      { ...verb, zero: verb.zero && verb.precision === undefined },
      value < 0,
      prefix + (verb.letter === 'X' ? digits.toUpperCase() : digits),
    );
  }
  switch (verb.letter) {
    case 'c':
      return pad(verb, character(value));
    case 'q':
      return pad(verb, `'${character(value)}'`);
    case 'U':
      return pad(verb, `U+${value.toString(16).toUpperCase().padStart(4, '0')}`);
    default:
      return bad(verb, value);
  }
}

function character(point: number): string {
  return point >= 0 && point <= 0x10ffff ? String.fromCodePoint(point) : '\ufffd';
}

function formatFloat(verb: Verb, value: number): string {
  const magnitude = Math.abs(value);
  const precision = Math.min(verb.precision ?? 6, 100);
  const negative = value < 0 || Object.is(value, -0);
  switch (verb.letter) {
    case 'f':
    case 'F':
      return padNumber(verb, negative, magnitude.toFixed(precision));
    case 'e':
      return padNumber(verb, negative, goExponent(magnitude.toExponential(precision)));
    case 'E':
      return padNumber(verb, negative, goExponent(magnitude.toExponential(precision)).toUpperCase());
    case 'g':
    case 'G':
      return padNumber(verb, negative, significant(magnitude, verb.precision));
    default:
      return bad(verb, { kind: 'float', value });
  }
}

function significant(value: number, precision: number | undefined): string {
  if (precision === undefined) return floatString(value);
  const exponent = value === 0 ? 0 : Math.floor(Math.log10(value));
  const digits = Math.min(Math.max(precision, 1), 100);
  if (exponent < -4 || exponent >= digits) return goExponent(value.toExponential(digits - 1).replace(/\.?0+e/, 'e'));
  return String(Number(value.toPrecision(digits)));
}

function bad(verb: Verb, value: GoValue): string {
  if (value === undefined || value === null) return `%!${verb.letter}(<nil>)`;
  return `%!${verb.letter}(${typeName(value)}=${sprint([value])})`;
}

function padNumber(verb: Verb, negative: boolean, digits: string): string {
  const sign = negative ? '-' : verb.plus ? '+' : verb.space ? ' ' : '';
  const zeros = verb.zero ? (verb.width ?? 0) - sign.length : 0;
  return pad({ ...verb, zero: false }, sign + digits.padStart(zeros, '0'));
}

function pad(verb: Verb, text: string): string {
  const missing = (verb.width ?? 0) - [...text].length;
  if (missing <= 0) return text;
  if (verb.minus) return text + ' '.repeat(missing);
  return (verb.zero ? '0' : ' ').repeat(missing) + text;
}
