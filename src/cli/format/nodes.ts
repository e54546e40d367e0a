/** Syntax tree of a template, and its text form for messages. */
import type { GoValue } from './values.js';

export interface FieldNode {
  readonly kind: 'field';
  /** Names of the fields; `.A.B` is ['A', 'B']. */
  readonly names: readonly string[];
  readonly at: number;
}

export interface VariableNode {
  readonly kind: 'variable';
  /** Name, including the $. */
  readonly name: string;
  readonly fields: readonly string[];
  readonly at: number;
}

/** A parenthesised pipeline followed by fields: (index .List 0).Name */
export interface ChainNode {
  readonly kind: 'chain';
  readonly node: OperandNode;
  readonly fields: readonly string[];
  readonly at: number;
}

export interface ConstantNode {
  readonly kind: 'constant';
  readonly value: GoValue;
  /** The literal as written. */
  readonly text: string;
  readonly at: number;
}

export interface FunctionNode {
  readonly kind: 'function';
  readonly name: string;
  readonly at: number;
}

export interface DotNode {
  readonly kind: 'dot';
  readonly at: number;
}

export interface NilNode {
  readonly kind: 'nil';
  readonly at: number;
}

export type OperandNode =
  FieldNode | VariableNode | ChainNode | ConstantNode | FunctionNode | DotNode | NilNode | PipelineNode;

export interface CommandNode {
  readonly kind: 'command';
  readonly operands: readonly OperandNode[];
  readonly at: number;
}

export interface PipelineNode {
  readonly kind: 'pipeline';
  /** Variables in `$x :=` or `$i, $x :=` at the beginning; `assign` is set for `=`. */
  readonly variables: readonly string[];
  readonly assign: boolean;
  readonly commands: readonly CommandNode[];
  readonly at: number;
}

export interface TextNode {
  readonly kind: 'text';
  readonly text: string;
}

export interface ActionNode {
  readonly kind: 'action';
  readonly pipeline: PipelineNode;
}

export interface BranchNode {
  readonly kind: 'if' | 'with' | 'range';
  readonly pipeline: PipelineNode;
  readonly body: readonly StatementNode[];
  readonly otherwise: readonly StatementNode[];
}

export interface TemplateNode {
  readonly kind: 'template';
  readonly name: string;
  readonly pipeline: PipelineNode | undefined;
  readonly at: number;
}

export interface JumpNode {
  readonly kind: 'break' | 'continue';
}

export type StatementNode = TextNode | ActionNode | BranchNode | TemplateNode | JumpNode;

/** A parsed template, with the templates that it defines. */
export interface ParsedTemplate {
  readonly name: string;
  readonly source: string;
  readonly body: readonly StatementNode[];
  readonly defined: ReadonlyMap<string, readonly StatementNode[]>;
}

/** Returns a node as it would be written, for "executing ... at <...>". */
export function nodeText(node: OperandNode | CommandNode): string {
  switch (node.kind) {
    case 'field':
      return fieldsText(node.names);
    case 'variable':
      return node.name + fieldsText(node.fields);
    case 'chain':
      return `(${nodeText(node.node)})${fieldsText(node.fields)}`;
    case 'constant':
      return node.text;
    case 'function':
      return node.name;
    case 'dot':
      return '.';
    case 'nil':
      return 'nil';
    case 'command':
      return node.operands
        .map((operand) => (operand.kind === 'pipeline' ? `(${nodeText(operand)})` : nodeText(operand)))
        .join(' ');
    case 'pipeline': {
      const declared = node.variables.length === 0 ? '' : `${node.variables.join(', ')} ${node.assign ? '=' : ':='} `;
      return declared + node.commands.map(nodeText).join(' | ');
    }
  }
}

function fieldsText(names: readonly string[]): string {
  return names.map((name) => `.${name}`).join('');
}
