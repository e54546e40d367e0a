/** Parses pipelines, which stand between {{ and }} and consist of commands with operands. */
import { parseCharacter, parseNumber, unquote } from './constants.js';
import { nodeText, type CommandNode, type ConstantNode, type OperandNode, type PipelineNode } from './nodes.js';
import { expectToken, failAt, nested, peek, skipSpace, take, unexpected, type TokenStream } from './token-stream.js';
import type { Token, TokenKind } from './token.js';
import type { GoValue } from './values.js';

/** Parses a pipeline up to and including a token of kind `end`. `context` names the statement in messages. */
export function parsePipeline(stream: TokenStream, context: string, end: TokenKind): PipelineNode {
  return nested(stream, () => {
    const at = skipSpace(stream).at;
    const declared = parseDeclaration(stream, context);
    const commands = parseCommands(stream, context, end);
    checkPipeline(stream, commands, context);
    return { kind: 'pipeline', ...declared, commands, at };
  });
}

/** Parses `$x :=`, `$x =`, or for range `$i, $x :=`, if there is one. */
function parseDeclaration(stream: TokenStream, context: string): { variables: string[]; assign: boolean } {
  const variables: string[] = [];
  const start = stream.index;
  while (skipSpace(stream).kind === 'variable') {
    const variable = take(stream);
    const next = skipSpace(stream);
    if (next.kind === 'declare' || next.kind === 'assign') {
      take(stream);
      variables.push(variable.text);
      if (next.kind === 'declare') stream.variables.push(...variables);
      return { variables, assign: next.kind === 'assign' };
    }
    if (next.kind !== 'comma') break;
    take(stream);
    variables.push(variable.text);
    if (context === 'range' && variables.length === 1) {
      if (skipSpace(stream).kind === 'variable') continue;
      failAt(stream, 'range can only initialize variables');
    }
    failAt(stream, `too many declarations in ${context}`);
  }
  // The variable is not declared here, only used.
  stream.index = start;
  return { variables: [], assign: false };
}

function parseCommands(stream: TokenStream, context: string, end: TokenKind): CommandNode[] {
  const commands: CommandNode[] = [];
  for (;;) {
    const token = skipSpace(stream);
    if (token.kind === end) {
      take(stream);
      return commands;
    }
    if (!startsOperand(token)) unexpected(stream, token, context);
    commands.push(parseCommand(stream));
    if (skipSpace(stream).kind === 'pipe') take(stream);
  }
}

const OPERAND_STARTS: ReadonlySet<TokenKind> = new Set([
  'bool',
  'char',
  'dot',
  'field',
  'identifier',
  'number',
  'nil',
  'string',
  'variable',
  'leftParen',
]);

function startsOperand(token: Token): boolean {
  return OPERAND_STARTS.has(token.kind);
}

function checkPipeline(stream: TokenStream, commands: readonly CommandNode[], context: string): void {
  if (commands.length === 0) failAt(stream, `missing value for ${context}`);
  commands.slice(1).forEach((command, i) => {
    const first = command.operands[0];
    if (first?.kind === 'constant' || first?.kind === 'dot' || first?.kind === 'nil') {
      failAt(stream, `non executable command in pipeline stage ${i + 2}`);
    }
  });
}

/** Parses operands separated by spaces, up to a pipe, a closing parenthesis or the end. */
function parseCommand(stream: TokenStream): CommandNode {
  const at = skipSpace(stream).at;
  const operands: OperandNode[] = [];
  for (;;) {
    if (!startsOperand(skipSpace(stream))) break;
    operands.push(parseOperand(stream));
    const next = peek(stream);
    if (next.kind === 'space') continue;
    if (next.kind !== 'pipe' && next.kind !== 'rightDelimiter' && next.kind !== 'rightParen') {
      unexpected(stream, next, 'operand');
    }
    break;
  }
  if (operands.length === 0) failAt(stream, 'empty command');
  return { kind: 'command', operands, at };
}

/** Parses a term and the fields that follow it without a space. */
function parseOperand(stream: TokenStream): OperandNode {
  const term = parseTerm(stream);
  const fields: string[] = [];
  // Messages about A.B.C name the position of .B.
  const { at } = peek(stream);
  while (peek(stream).kind === 'field') fields.push(take(stream).text.slice(1));
  if (fields.length === 0) return term;
  if (term.kind === 'field') return { ...term, names: [...term.names, ...fields], at };
  if (term.kind === 'variable') return { ...term, fields: [...term.fields, ...fields], at };
  if (term.kind === 'constant' || term.kind === 'nil' || term.kind === 'dot') {
    failAt(stream, `unexpected . after term ${JSON.stringify(nodeText(term))}`);
  }
  return { kind: 'chain', node: term, fields, at };
}

function parseTerm(stream: TokenStream): OperandNode {
  const token = take(stream);
  const { at, text } = token;
  switch (token.kind) {
    case 'identifier':
      if (!stream.functions.has(text)) failAt(stream, `function ${JSON.stringify(text)} not defined`);
      return { kind: 'function', name: text, at };
    case 'dot':
      return { kind: 'dot', at };
    case 'nil':
      return { kind: 'nil', at };
    case 'variable':
      if (!stream.variables.includes(text)) failAt(stream, `undefined variable ${JSON.stringify(text)}`);
      return { kind: 'variable', name: text, fields: [], at };
    case 'field':
      return { kind: 'field', names: [text.slice(1)], at };
    case 'bool':
      return { kind: 'constant', value: text === 'true', text, at };
    case 'leftParen':
      return parsePipeline(stream, 'parenthesized pipeline', 'rightParen');
    default:
      return parseLiteral(stream, token);
  }
}

function parseLiteral(stream: TokenStream, token: Token): ConstantNode {
  const { kind, text, at } = token;
  const constant = (value: GoValue, problem: string): ConstantNode => {
    if (value === undefined) failAt(stream, problem);
    return { kind: 'constant', value, text, at };
  };
  if (kind === 'number') return constant(parseNumber(text), `bad number syntax: ${JSON.stringify(text)}`);
  if (kind === 'char') {
    if (unquote(`"${text.slice(1, -1)}"`) === undefined) failAt(stream, 'invalid syntax');
    return constant(parseCharacter(text), `malformed character constant: ${text}`);
  }
  if (kind === 'string') return constant(unquote(text), 'invalid syntax');
  return unexpected(stream, token, 'operand');
}

/** Takes the end of a statement that has no further parts. */
export function expectEnd(stream: TokenStream, context: string): void {
  expectToken(stream, 'rightDelimiter', context);
}
