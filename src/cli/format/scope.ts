/** State of the evaluation of a template. */
import { lineAt } from './lexer.js';
import type { CommandNode, OperandNode, ParsedTemplate } from './nodes.js';
import { nodeText } from './nodes.js';
import { TemplateError } from './template-error.js';
import type { GoValue } from './values.js';

/** Maximum depth of nested template calls. */
export const MAX_CALLS = 1000;

/** Maximum output of one template, in characters; needed because a template may call itself in a range. */
export const MAX_OUTPUT = 64 * 1024 * 1024;

export interface Variable {
  readonly name: string;
  value: GoValue;
}

export interface Scope {
  readonly template: ParsedTemplate;
  /** Variables in scope, innermost last. */
  readonly variables: Variable[];
  readonly output: { readonly parts: string[]; size: number };
  readonly calls: number;
}

/** Throws an error that names the node and its position. */
export function failIn(scope: Scope, node: OperandNode | CommandNode, message: string): never {
  throw new TemplateError(
    `${location(scope, node.at)}: executing ${JSON.stringify(scope.template.name)} at <${nodeText(node)}>: ${message}`,
  );
}

export function location(scope: Scope, at: number): string {
  const { name, source } = scope.template;
  const column = at - (source.lastIndexOf('\n', at - 1) + 1);
  return `template: ${name}:${lineAt(source, at)}:${column}`;
}

export function findVariable(scope: Scope, name: string): Variable | undefined {
  return scope.variables.findLast((variable) => variable.name === name);
}
