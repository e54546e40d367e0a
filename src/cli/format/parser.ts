/** Parses a template into its syntax tree. */
import { unquote } from './constants.js';
import type { BranchNode, ParsedTemplate, StatementNode, TemplateNode } from './nodes.js';
import { expectEnd, parsePipeline } from './parse-pipeline.js';
import {
  expectToken,
  failAt,
  nested,
  openTokens,
  peek,
  skipSpace,
  take,
  unexpected,
  type TokenStream,
} from './token-stream.js';

/** What ended a block: its {{end}}, an {{else}}, or the end of the template. */
type BlockEnd = 'end' | 'else' | 'eof';

interface Parser {
  readonly stream: TokenStream;
  readonly defined: Map<string, readonly StatementNode[]>;
  /** Number of ranges around the current position. */
  ranges: number;
}

/**
 * Parses a template. `name` appears in messages; `functions` are the names that may be called. Throws TemplateError.
 */
export function parseTemplate(name: string, source: string, functions: ReadonlySet<string>): ParsedTemplate {
  const parser: Parser = { stream: openTokens(name, source, functions), defined: new Map(), ranges: 0 };
  const { statements, end } = parseBlock(parser);
  if (end !== 'eof') failAt(parser.stream, `unexpected {{${end}}}`);
  return { name, source, body: statements, defined: parser.defined };
}

function parseBlock(parser: Parser): { statements: StatementNode[]; end: BlockEnd } {
  const { stream } = parser;
  const statements: StatementNode[] = [];
  for (;;) {
    const token = peek(stream);
    if (token.kind === 'end') return { statements, end: 'eof' };
    take(stream);
    if (token.kind === 'text') {
      statements.push({ kind: 'text', text: token.text });
      continue;
    }
    const keyword = skipSpace(stream);
    if (keyword.kind === 'keyword' && (keyword.text === 'end' || keyword.text === 'else')) {
      take(stream);
      return { statements, end: keyword.text };
    }
    const statement = parseStatement(parser);
    if (statement !== undefined) statements.push(statement);
  }
}

/** Parses a statement after its {{. Returns undefined for a definition, which is no statement. */
function parseStatement(parser: Parser): StatementNode | undefined {
  const { stream } = parser;
  const token = skipSpace(stream);
  if (token.kind !== 'keyword') {
    return { kind: 'action', pipeline: parsePipeline(stream, 'command', 'rightDelimiter') };
  }
  take(stream);
  switch (token.text) {
    case 'if':
    case 'with':
    case 'range':
      return nested(stream, () => parseBranch(parser, token.text as BranchNode['kind']));
    case 'template':
      return parseCall(stream);
    case 'define':
      parseDefinition(parser);
      return undefined;
    case 'block':
      return parseDefaultBlock(parser);
    default:
      return parseJump(parser, token.text);
  }
}

function parseJump(parser: Parser, word: string): StatementNode {
  const { stream } = parser;
  if (word !== 'break' && word !== 'continue') failAt(stream, `unexpected <${word}> in command`);
  if (parser.ranges === 0) failAt(stream, `{{${word}}} outside {{range}}`);
  expectEnd(stream, `{{${word}}}`);
  return { kind: word };
}

function parseBranch(parser: Parser, kind: BranchNode['kind']): BranchNode {
  const { stream } = parser;
  const scope = stream.variables.length;
  const pipeline = parsePipeline(stream, kind, 'rightDelimiter');
  if (kind === 'range') parser.ranges++;
  const { statements: body, end } = parseBlock(parser);
  if (kind === 'range') parser.ranges--;
  const otherwise = parseOtherwise(parser, kind, end);
  stream.variables.length = scope;
  return { kind, pipeline, body, otherwise };
}

/** Parses what follows the first block of if, with and range: {{end}}, {{else}} or {{else if}}. */
function parseOtherwise(parser: Parser, kind: BranchNode['kind'], end: BlockEnd): readonly StatementNode[] {
  const { stream } = parser;
  if (end === 'eof') failAt(stream, 'unexpected EOF');
  if (end === 'end') {
    expectEnd(stream, 'end');
    return [];
  }
  const next = skipSpace(stream);
  if (next.kind === 'keyword' && next.text === 'if' && kind === 'if') {
    take(stream);
    // {{else if}} is {{else}}{{if}} with one {{end}} that closes both.
    return [nested(stream, () => parseBranch(parser, 'if'))];
  }
  expectEnd(stream, 'else');
  const block = parseBlock(parser);
  if (block.end === 'eof') failAt(stream, 'unexpected EOF');
  if (block.end === 'else') failAt(stream, 'expected end; found {{else}}');
  expectEnd(stream, 'end');
  return block.statements;
}

function parseName(stream: TokenStream, context: string): string {
  const token = skipSpace(stream);
  if (token.kind !== 'string') unexpected(stream, token, context);
  take(stream);
  const name = unquote(token.text);
  if (name === undefined) failAt(stream, 'invalid syntax');
  return name;
}

function parseCall(stream: TokenStream): TemplateNode {
  const at = skipSpace(stream).at;
  const name = parseName(stream, 'template clause');
  if (skipSpace(stream).kind === 'rightDelimiter') {
    take(stream);
    return { kind: 'template', name, pipeline: undefined, at };
  }
  return { kind: 'template', name, pipeline: parsePipeline(stream, 'template clause', 'rightDelimiter'), at };
}

function parseDefinition(parser: Parser): void {
  const name = parseName(parser.stream, 'define clause');
  expectToken(parser.stream, 'rightDelimiter', 'define clause');
  parser.defined.set(name, parseBody(parser, 'define clause'));
}

/** Parses {{block "name" .}}...{{end}}, which defines a template and calls it. */
function parseDefaultBlock(parser: Parser): TemplateNode {
  const call = parseCall(parser.stream);
  if (call.pipeline === undefined) failAt(parser.stream, 'missing value for block clause');
  parser.defined.set(call.name, parseBody(parser, 'block clause'));
  return call;
}

/** Parses the body of a definition, in which the variables outside are not visible. */
function parseBody(parser: Parser, context: string): readonly StatementNode[] {
  const { stream } = parser;
  const outer = [...stream.variables];
  const ranges = parser.ranges;
  stream.variables.length = 1;
  parser.ranges = 0;
  const { statements, end } = nested(stream, () => parseBlock(parser));
  if (end === 'eof') failAt(stream, 'unexpected EOF');
  if (end === 'else') failAt(stream, `unexpected {{else}} in ${context}`);
  expectEnd(stream, 'end');
  stream.variables.splice(0, stream.variables.length, ...outer);
  parser.ranges = ranges;
  return statements;
}
