/** What the evaluation of a template carries along. */
import { lineAt } from './lexer.js';
import type { CommandNode, OperandNode, ParsedTemplate } from './nodes.js';
import { nodeText } from './nodes.js';
import { TemplateError } from './template-error.js';
import type { GoValue } from './values.js';

/** Deepest nesting of template calls. */
export const MAX_CALLS = 1000;

/** Largest output of one template, in characters: a template may call itself in a range. */
export const MAX_OUTPUT = 64 * 1024 * 1024;

export interface Variable {
  readonly name: string;
  value: GoValue;
}

export interface Scope {
  readonly template: ParsedTemplate;
  /** Innermost last. */
  readonly variables: Variable[];
  readonly output: { readonly parts: string[]; size: number };
  readonly calls: number;
}

/** `at` is the offset that the message names; `node` what was evaluated there. */
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
