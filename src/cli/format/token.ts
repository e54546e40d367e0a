/** The tokens of a template. */
export type TokenKind =
  | 'text'
  | 'leftDelimiter'
  | 'rightDelimiter'
  | 'identifier'
  | 'keyword'
  | 'field'
  | 'variable'
  | 'dot'
  | 'number'
  | 'char'
  | 'string'
  | 'bool'
  | 'nil'
  | 'pipe'
  | 'leftParen'
  | 'rightParen'
  | 'assign'
  | 'declare'
  | 'comma'
  | 'space'
  /** A character without a meaning of its own. */
  | 'other'
  | 'end';

export interface Token {
  readonly kind: TokenKind;
  /** Text of the token in the template. */
  readonly text: string;
  /** Offset in the template. */
  readonly at: number;
}

export const KEYWORDS: ReadonlySet<string> = new Set([
  'block',
  'break',
  'continue',
  'define',
  'else',
  'end',
  'if',
  'range',
  'template',
  'with',
]);
