/** The tokens of a template and the current position, for the parser. */
import { lineAt, tokenize } from './lexer.js';
import { TemplateError } from './template-error.js';
import type { Token, TokenKind } from './token.js';

/** Maximum depth of nested blocks and parentheses. */
const MAX_DEPTH = 500;

export interface TokenStream {
  readonly name: string;
  readonly source: string;
  readonly tokens: readonly Token[];
  /** Names of the functions that may be called. */
  readonly functions: ReadonlySet<string>;
  /** Variables in scope. */
  readonly variables: string[];
  index: number;
  depth: number;
}

export function openTokens(name: string, source: string, functions: ReadonlySet<string>): TokenStream {
  return { name, source, tokens: tokenize(name, source), functions, variables: ['$'], index: 0, depth: 0 };
}

export function failAt(stream: TokenStream, message: string): never {
  throw new TemplateError(`template: ${stream.name}:${lineAt(stream.source, peek(stream).at)}: ${message}`);
}

export function peek(stream: TokenStream): Token {
  return stream.tokens[Math.min(stream.index, stream.tokens.length - 1)] as Token;
}

export function take(stream: TokenStream): Token {
  const token = peek(stream);
  stream.index++;
  return token;
}

export function skipSpace(stream: TokenStream): Token {
  while (peek(stream).kind === 'space') stream.index++;
  return peek(stream);
}

export function unexpected(stream: TokenStream, token: Token, context: string): never {
  stream.index = stream.tokens.indexOf(token);
  failAt(stream, `unexpected ${tokenText(token)} in ${context}`);
}

export function expectToken(stream: TokenStream, kind: TokenKind, context: string): Token {
  const token = skipSpace(stream);
  if (token.kind !== kind) unexpected(stream, token, context);
  return take(stream);
}

/** Runs a step of the parser one level deeper; limits the depth of a template. */
export function nested<T>(stream: TokenStream, read: () => T): T {
  if (++stream.depth > MAX_DEPTH) failAt(stream, `nested more than ${MAX_DEPTH} deep`);
  const result = read();
  stream.depth--;
  return result;
}

/** Returns a token as Go's messages show it. */
function tokenText(token: Token): string {
  if (token.kind === 'end') return 'EOF';
  if (token.kind === 'keyword' || token.kind === 'dot' || token.kind === 'nil') return `<${token.text}>`;
  return token.text.length > 10 ? `${JSON.stringify(token.text.slice(0, 10))}...` : JSON.stringify(token.text);
}
