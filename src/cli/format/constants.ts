/** Reads Go's literals: numbers, characters and quoted strings. */
import type { GoValue } from './values.js';

const SIMPLE_ESCAPES: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  "'": "'",
  '"': '"',
};

/** Parses an integer or a float; undefined if the text is neither. */
export function parseNumber(text: string): GoValue {
  const digits = text.replaceAll('_', '');
  const sign = digits.startsWith('-') ? -1 : 1;
  const body = digits.replace(/^[+-]/, '');
  if (/^0[0-7]+$/.test(body)) return sign * Number.parseInt(body, 8);
  if (/^(0[xX][0-9a-fA-F]+|0[oO][0-7]+|0[bB][01]+|[0-9]+)$/.test(body)) return sign * Number(body);
  if (/^([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$/.test(body)) return { kind: 'float', value: sign * Number(body) };
  return undefined;
}

/** Returns the text of "..." or `...`; undefined if an escape is invalid. */
export function unquote(literal: string): string | undefined {
  const body = literal.slice(1, -1);
  if (literal.startsWith('`')) return body.replaceAll('\r', '');
  return unescape(body);
}

/** Returns the code point of 'x'; undefined unless the quotes hold exactly one character. */
export function parseCharacter(literal: string): number | undefined {
  const text = unescape(literal.slice(1, -1));
  if (text === undefined || [...text].length !== 1) return undefined;
  return text.codePointAt(0);
}

function unescape(body: string): string | undefined {
  let wrong = false;
  const text = body.replace(
    /\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-7]{3}|.|$)/gsu,
    (_, escape: string) => {
      const simple = SIMPLE_ESCAPES[escape];
      if (simple !== undefined) return simple;
      const point = escapedPoint(escape);
      if (point !== undefined && point <= 0x10ffff) return String.fromCodePoint(point);
      wrong = true;
      return '';
    },
  );
  return wrong ? undefined : text;
}

function escapedPoint(escape: string): number | undefined {
  if (/^[xuU]./.test(escape)) return Number.parseInt(escape.slice(1), 16);
  return /^[0-7]{3}$/.test(escape) ? Number.parseInt(escape, 8) : undefined;
}
