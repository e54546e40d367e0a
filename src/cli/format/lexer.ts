/** Splits a template into tokens: literal text, and what stands between {{ and }}. */
import { TemplateError } from './template-error.js';
import { KEYWORDS, type Token, type TokenKind } from './token.js';

const LEFT = '{{';
const RIGHT = '}}';
const LEFT_COMMENT = '/*';
const RIGHT_COMMENT = '*/';
const SPACES = ' \t\r\n';

/** State of one pass over a template. */
interface Scan {
  readonly name: string;
  readonly input: string;
  at: number;
  readonly tokens: Token[];
  parens: number;
  /** Offset at which the current action began. */
  actionAt: number;
  /** Whether the last action ended with a trim marker, which removes spaces at the start of the next text. */
  trimNext: boolean;
}

/** Returns the line of an offset, counted from 1. */
export function lineAt(input: string, at: number): number {
  let line = 1;
  for (let i = input.indexOf('\n'); i >= 0 && i < at; i = input.indexOf('\n', i + 1)) line++;
  return line;
}

/** Returns all tokens, the last one of kind `end`. `name` is used in messages. */
export function tokenize(name: string, input: string): Token[] {
  const scan: Scan = { name, input, at: 0, tokens: [], parens: 0, actionAt: 0, trimNext: false };
  while (scan.at < input.length) {
    lexText(scan);
    if (scan.at < input.length) lexAction(scan);
  }
  scan.tokens.push({ kind: 'end', text: '', at: input.length });
  return scan.tokens;
}

function fail(scan: Scan, message: string): never {
  throw new TemplateError(`template: ${scan.name}:${lineAt(scan.input, scan.at)}: ${message}`);
}

function emit(scan: Scan, kind: TokenKind, length: number): void {
  scan.tokens.push({ kind, text: scan.input.slice(scan.at, scan.at + length), at: scan.at });
  scan.at += length;
}

/** Whether "- ", the trim marker of a left delimiter, stands here. */
function hasLeftTrim(input: string, at: number): boolean {
  return input[at] === '-' && SPACES.includes(input[at + 1] ?? 'x');
}

function hasRightTrim(input: string, at: number): boolean {
  return SPACES.includes(input[at] ?? 'x') && input[at + 1] === '-' && input.startsWith(RIGHT, at + 2);
}

function lexText(scan: Scan): void {
  const next = scan.input.indexOf(LEFT, scan.at);
  const stop = next < 0 ? scan.input.length : next;
  let text = scan.input.slice(scan.at, stop);
  let at = scan.at;
  if (scan.trimNext) {
    const trimmed = trimStart(text);
    at += text.length - trimmed.length;
    text = trimmed;
  }
  if (next >= 0 && hasLeftTrim(scan.input, next + LEFT.length)) text = trimEnd(text);
  if (text !== '') scan.tokens.push({ kind: 'text', text, at });
  scan.at = stop;
  scan.trimNext = false;
}

function trimStart(text: string): string {
  let i = 0;
  while (i < text.length && SPACES.includes(text[i] as string)) i++;
  return text.slice(i);
}

function trimEnd(text: string): string {
  let i = text.length;
  while (i > 0 && SPACES.includes(text[i - 1] as string)) i--;
  return text.slice(0, i);
}

function lexAction(scan: Scan): void {
  const { input } = scan;
  const trimmed = hasLeftTrim(input, scan.at + LEFT.length);
  const afterDelimiter = scan.at + LEFT.length + (trimmed ? 2 : 0);
  if (input.startsWith(LEFT_COMMENT, afterDelimiter)) {
    lexComment(scan, afterDelimiter);
    return;
  }
  scan.actionAt = scan.at;
  emit(scan, 'leftDelimiter', LEFT.length);
  if (trimmed) scan.at += 2;
  scan.parens = 0;
  while (!lexRightDelimiter(scan)) lexInside(scan);
}

function lexComment(scan: Scan, start: number): void {
  const end = scan.input.indexOf(RIGHT_COMMENT, start + LEFT_COMMENT.length);
  if (end < 0) fail(scan, 'unclosed comment');
  scan.at = end + RIGHT_COMMENT.length;
  if (hasRightTrim(scan.input, scan.at)) {
    scan.trimNext = true;
    scan.at += 2;
  }
  if (!scan.input.startsWith(RIGHT, scan.at)) fail(scan, 'comment ends before closing delimiter');
  scan.at += RIGHT.length;
}

/** Takes }} if it stands here; returns false if not. */
function lexRightDelimiter(scan: Scan): boolean {
  const trimmed = hasRightTrim(scan.input, scan.at);
  if (!trimmed && !scan.input.startsWith(RIGHT, scan.at)) return false;
  if (scan.parens > 0) fail(scan, 'unclosed left paren');
  if (trimmed) scan.at += 2;
  emit(scan, 'rightDelimiter', RIGHT.length);
  scan.trimNext = trimmed;
  return true;
}

function lexInside(scan: Scan): void {
  const { input } = scan;
  const char = input[scan.at];
  if (char === undefined) {
    scan.at = scan.actionAt;
    fail(scan, 'unclosed action');
  }
  if (SPACES.includes(char)) return lexSpace(scan);
  if (char === '"') return lexQuote(scan, '"', 'unterminated quoted string');
  if (char === "'") return lexQuote(scan, "'", 'unterminated character constant');
  if (char === '`') return lexRawQuote(scan);
  if (char === '$') return lexName(scan, 'variable');
  if (char === '.') return lexDot(scan);
  if (char === '+' || char === '-' || isDigit(char)) return lexNumber(scan);
  if (isAlphaNumeric(char)) return lexIdentifier(scan);
  lexPunctuation(scan, char);
}

function lexPunctuation(scan: Scan, char: string): void {
  switch (char) {
    case '=':
      return emit(scan, 'assign', 1);
    case ':':
      if (scan.input[scan.at + 1] !== '=') fail(scan, 'expected :=');
      return emit(scan, 'declare', 2);
    case '|':
      return emit(scan, 'pipe', 1);
    case ',':
      return emit(scan, 'comma', 1);
    case '(':
      scan.parens++;
      return emit(scan, 'leftParen', 1);
    case ')':
      // The parser reports a surplus parenthesis, because it knows the context.
      scan.parens--;
      return emit(scan, 'rightParen', 1);
    default:
      if (char >= ' ' && char <= '~') return emit(scan, 'other', 1);
      fail(scan, `unrecognized character in action: ${describeCharacter(scan.input, scan.at)}`);
  }
}

/** Returns a character as Go's %#U prints it: U+007B '{'. */
function describeCharacter(input: string, at: number): string {
  const point = input.codePointAt(at) ?? 0;
  return `U+${point.toString(16).toUpperCase().padStart(4, '0')} '${String.fromCodePoint(point)}'`;
}

function lexSpace(scan: Scan): void {
  let end = scan.at;
  while (SPACES.includes(scan.input[end] ?? 'x')) {
    // The last space may belong to a trim marker.
    if (hasRightTrim(scan.input, end)) break;
    end++;
  }
  if (end > scan.at) emit(scan, 'space', end - scan.at);
}

function lexQuote(scan: Scan, quote: string, unterminated: string): void {
  for (let i = scan.at + 1; ; i++) {
    const char = scan.input[i];
    if (char === undefined || char === '\n') fail(scan, unterminated);
    if (char === '\\' && scan.input[i + 1] !== undefined && scan.input[i + 1] !== '\n') i++;
    else if (char === quote) return emit(scan, quote === '"' ? 'string' : 'char', i + 1 - scan.at);
  }
}

function lexRawQuote(scan: Scan): void {
  const end = scan.input.indexOf('`', scan.at + 1);
  if (end < 0) fail(scan, 'unterminated raw quoted string');
  emit(scan, 'string', end + 1 - scan.at);
}

/** Reads a lone dot, a field, or a number such as .5. */
function lexDot(scan: Scan): void {
  const next = scan.input[scan.at + 1] ?? '';
  if (isDigit(next)) return lexNumber(scan);
  if (isAlphaNumeric(next)) return lexName(scan, 'field');
  checkTerminator(scan, scan.at + 1);
  emit(scan, 'dot', 1);
}

function lexName(scan: Scan, kind: 'field' | 'variable'): void {
  let end = scan.at + 1;
  while (isAlphaNumeric(scan.input[end] ?? '')) end++;
  checkTerminator(scan, end);
  emit(scan, kind, end - scan.at);
}

function lexNumber(scan: Scan): void {
  const match = /^[+-]?(0[xX][0-9a-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+|[0-9_]*\.?[0-9_]*([eE][+-]?[0-9_]+)?)/.exec(
    scan.input.slice(scan.at),
  );
  const length = match?.[0].length ?? 0;
  const next = scan.input[scan.at + length] ?? '';
  if (/^[+-]$/.test(match?.[0] ?? '') && !isAlphaNumeric(next)) fail(scan, `illegal number syntax: "${match?.[0]}"`);
  if (length === 0 || isAlphaNumeric(next)) {
    fail(scan, `bad number syntax: "${scan.input.slice(scan.at, scan.at + length + 1)}"`);
  }
  emit(scan, 'number', length);
}

function lexIdentifier(scan: Scan): void {
  let end = scan.at;
  while (isAlphaNumeric(scan.input[end] ?? '')) end++;
  checkTerminator(scan, end);
  const word = scan.input.slice(scan.at, end);
  emit(scan, wordKind(word), word.length);
}

function wordKind(word: string): TokenKind {
  if (KEYWORDS.has(word)) return 'keyword';
  if (word === 'true' || word === 'false') return 'bool';
  return word === 'nil' ? 'nil' : 'identifier';
}

/** Throws unless a word is followed by something that may end it. */
function checkTerminator(scan: Scan, at: number): void {
  const char = scan.input[at];
  if (char === undefined || SPACES.includes(char) || '.,|:()='.includes(char)) return;
  if (scan.input.startsWith(RIGHT, at)) return;
  scan.at = at;
  fail(scan, `bad character ${describeCharacter(scan.input, at)}`);
}

function isDigit(char: string): boolean {
  return char >= '0' && char <= '9' && char.length === 1;
}

function isAlphaNumeric(char: string): boolean {
  return char !== '' && /[\p{L}\p{Nd}_]/u.test(char);
}
