/** Evaluates pipelines. */
import { messageOf } from '../../errors.js';
import { FUNCTIONS, type ParameterType, type TemplateFunction } from './functions.js';
import { nodeText, type CommandNode, type FunctionNode, type OperandNode, type PipelineNode } from './nodes.js';
import { failIn, findVariable, type Scope, type Variable } from './scope.js';
import { callTimeMethod } from './time-methods.js';
import { isList, isMap, isStruct, isTime, isTrue, typeName, type GoStruct, type GoValue } from './values.js';

/** Evaluates a pipeline: each command gets the value of the one before as its last argument; then variables are set. */
export function evaluatePipeline(scope: Scope, dot: GoValue, pipeline: PipelineNode): GoValue {
  let value: GoValue;
  pipeline.commands.forEach((command, i) => {
    value = evaluateCommand(scope, dot, command, i === 0 ? [] : [value]);
  });
  for (const name of pipeline.variables) setVariable(scope, { name, value }, pipeline);
  return value;
}

/** Sets a variable: `=` changes one of an outer block, `:=` declares one in this block. */
export function setVariable(scope: Scope, variable: Variable, { assign, commands }: PipelineNode): void {
  if (!assign) {
    scope.variables.push(variable);
    return;
  }
  const known = findVariable(scope, variable.name);
  if (known === undefined) failIn(scope, commands[0] as CommandNode, `undefined variable: ${variable.name}`);
  known.value = variable.value;
}

function evaluateCommand(scope: Scope, dot: GoValue, command: CommandNode, piped: readonly GoValue[]): GoValue {
  const [first, ...rest] = command.operands as [OperandNode, ...OperandNode[]];
  switch (first.kind) {
    case 'function':
      return callFunction(scope, dot, { node: first, operands: rest, piped, command });
    case 'field':
    case 'variable':
    case 'chain':
      return evaluateFields(scope, dot, { node: first, operands: rest, piped });
    case 'nil':
      return failIn(scope, command, 'nil is not a command');
    default:
      if (rest.length > 0 || piped.length > 0)
        failIn(scope, first, `can't give argument to non-function ${nodeText(first)}`);
      return evaluateOperand(scope, dot, first);
  }
}

function evaluateOperand(scope: Scope, dot: GoValue, node: OperandNode): GoValue {
  switch (node.kind) {
    case 'constant':
      return node.value;
    case 'dot':
      return dot;
    case 'nil':
      return null;
    case 'pipeline':
      return evaluatePipeline(scope, dot, node);
    case 'function':
      return callFunction(scope, dot, { node, operands: [], piped: [] });
    default:
      return evaluateFields(scope, dot, { node, operands: [], piped: [] });
  }
}

/** An operand with its arguments. */
interface Call<T extends OperandNode> {
  readonly node: T;
  readonly operands: readonly OperandNode[];
  /** Value that came through a pipe; becomes the last argument. */
  readonly piped: readonly GoValue[];
  /** Node that errors of the function name. @default node */
  readonly command?: CommandNode;
}

type FieldOperand = Extract<OperandNode, { kind: 'field' | 'variable' | 'chain' }>;

function evaluateFields(scope: Scope, dot: GoValue, call: Call<FieldOperand>): GoValue {
  const { node } = call;
  const [start, names] = fieldStart(scope, dot, node);
  if (names.length === 0) {
    if (call.operands.length + call.piped.length > 0)
      failIn(scope, node, `can't give argument to non-function ${nodeText(node)}`);
    return start;
  }
  return names.reduce<GoValue>((receiver, name, i) => {
    const last = i === names.length - 1;
    return evaluateField(scope, receiver, {
      name,
      node,
      values: last ? () => methodValues(scope, dot, call) : undefined,
    });
  }, start);
}

function methodValues(scope: Scope, dot: GoValue, call: Call<FieldOperand>): GoValue[] {
  return [...call.operands.map((operand) => evaluateOperand(scope, dot, operand)), ...call.piped];
}

function fieldStart(scope: Scope, dot: GoValue, node: FieldOperand): [GoValue, readonly string[]] {
  if (node.kind === 'field') return [dot, node.names];
  if (node.kind === 'variable') return [findVariable(scope, node.name)?.value, node.fields];
  return [evaluateOperand(scope, dot, node.node), node.fields];
}

interface FieldAccess {
  readonly name: string;
  readonly node: FieldOperand;
  /** Evaluates the arguments; set only for the last field of a chain. */
  readonly values: (() => GoValue[]) | undefined;
}

function evaluateField(scope: Scope, receiver: GoValue, access: FieldAccess): GoValue {
  const { name, node } = access;
  const values = access.values?.() ?? [];
  if (isTime(receiver)) {
    const called = callTimeMethod(receiver, name, values);
    if (called !== undefined) return called.result;
  }
  if (receiver === undefined) failIn(scope, node, `nil data; no entry for key ${JSON.stringify(name)}`);
  if (receiver === null) failIn(scope, node, `nil pointer evaluating interface {}.${name}`);
  if (isMap(receiver)) {
    if (values.length > 0) failIn(scope, node, `${name} is not a method but has arguments`);
    return receiver.entries.get(name);
  }
  if (isStruct(receiver)) {
    const field = findField(receiver, name);
    if (field !== undefined) {
      if (values.length > 0) failIn(scope, node, `${name} has arguments but cannot be invoked as function`);
      return field.value;
    }
  }
  return failIn(scope, node, `can't evaluate field ${name} in type ${typeName(receiver)}`);
}

function findField({ fields, aliases = {}, optional = {} }: GoStruct, name: string) {
  const alias = aliases[name] ?? name;
  return (
    structField(fields, name) ??
    structField(fields, alias) ??
    structField(optional, name) ??
    structField(optional, alias)
  );
}

function structField(fields: Readonly<Record<string, GoValue>>, name: string): { readonly value: GoValue } | undefined {
  return Object.hasOwn(fields, name) && fields[name] !== undefined ? { value: fields[name] } : undefined;
}

function callFunction(scope: Scope, dot: GoValue, call: Call<FunctionNode>): GoValue {
  const { name } = call.node;
  const definition = FUNCTIONS.get(name) as TemplateFunction;
  checkCount(scope, call, definition);
  if (name === 'and' || name === 'or') return evaluateLogic(scope, dot, call);
  const values = call.operands.map((operand, i) => {
    const value = evaluateOperand(scope, dot, operand);
    checkType(scope, operand, { value, type: definition.parameters[i] ?? definition.rest ?? 'any' });
    return value;
  });
  for (const value of call.piped) {
    checkType(scope, call.node, { value, type: definition.parameters[values.length] ?? definition.rest ?? 'any' });
    values.push(value);
  }
  try {
    return definition.call(values);
  } catch (error) {
    return failIn(scope, call.command ?? call.node, `error calling ${name}: ${messageOf(error)}`);
  }
}

/** Evaluates `and` and `or`, which stop at the first operand that decides. */
function evaluateLogic(scope: Scope, dot: GoValue, call: Call<FunctionNode>): GoValue {
  const decides = call.node.name === 'or';
  let value: GoValue;
  for (const operand of call.operands) {
    value = evaluateOperand(scope, dot, operand);
    if (isTrue(value) === decides) return value;
  }
  return call.piped.length > 0 ? call.piped[0] : value;
}

function checkCount(scope: Scope, call: Call<FunctionNode>, definition: TemplateFunction): void {
  const given = call.operands.length + call.piped.length;
  const wanted = definition.parameters.length;
  const { name } = call.node;
  if (definition.rest !== undefined && given < wanted) {
    failIn(scope, call.node, `wrong number of args for ${name}: want at least ${wanted} got ${given}`);
  }
  if (definition.rest === undefined && given !== wanted) {
    failIn(scope, call.node, `wrong number of args for ${name}: want ${wanted} got ${given}`);
  }
}

const GO_TYPES: Readonly<Record<ParameterType, string>> = {
  any: 'interface {}',
  string: 'string',
  int: 'int',
  strings: '[]string',
};

function checkType(
  scope: Scope,
  node: OperandNode,
  given: { readonly value: GoValue; readonly type: ParameterType },
): void {
  const { value, type } = given;
  if (fitsType(value, type)) return;
  if (node.kind === 'constant')
    failIn(scope, node, `expected ${type === 'int' ? 'integer' : GO_TYPES[type]}; found ${node.text}`);
  if (value === undefined || value === null) failIn(scope, node, `invalid value; expected ${GO_TYPES[type]}`);
  failIn(scope, node, `wrong type for value; expected ${GO_TYPES[type]}; got ${typeName(value)}`);
}

function fitsType(value: GoValue, type: ParameterType): boolean {
  if (type === 'any') return true;
  if (type === 'string') return typeof value === 'string';
  if (type === 'int') return typeof value === 'number';
  return isList(value) && value.every((item) => typeof item === 'string');
}
