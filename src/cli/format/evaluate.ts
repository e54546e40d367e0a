/** Evaluates a parsed template. */
import { evaluatePipeline, setVariable } from './evaluate-pipeline.js';
import { nodeText, type BranchNode, type ParsedTemplate, type StatementNode, type TemplateNode } from './nodes.js';
import { goString } from './print.js';
import { failIn, location, MAX_CALLS, MAX_OUTPUT, type Scope } from './scope.js';
import { TemplateError } from './template-error.js';
import { isList, isMap, isTrue, sortedKeys, type GoValue } from './values.js';

/** How a list of statements ended. */
type Flow = 'next' | 'break' | 'continue';

/** Returns the text that a template produces for a value. Throws TemplateError. */
export function evaluateTemplate(template: ParsedTemplate, data: GoValue): string {
  const scope: Scope = { template, variables: [{ name: '$', value: data }], output: { parts: [], size: 0 }, calls: 0 };
  runStatements(scope, data, template.body);
  return scope.output.parts.join('');
}

function write(scope: Scope, text: string): void {
  const { output } = scope;
  output.size += text.length;
  if (output.size > MAX_OUTPUT)
    throw new TemplateError(`template: ${scope.template.name}: output exceeds ${MAX_OUTPUT} characters`);
  output.parts.push(text);
}

function runStatements(scope: Scope, dot: GoValue, statements: readonly StatementNode[]): Flow {
  for (const statement of statements) {
    const flow = runStatement(scope, dot, statement);
    if (flow !== 'next') return flow;
  }
  return 'next';
}

function runStatement(scope: Scope, dot: GoValue, statement: StatementNode): Flow {
  switch (statement.kind) {
    case 'text':
      write(scope, statement.text);
      return 'next';
    case 'action': {
      const value = evaluatePipeline(scope, dot, statement.pipeline);
      if (statement.pipeline.variables.length === 0) write(scope, value === undefined ? '<no value>' : goString(value));
      return 'next';
    }
    case 'template':
      callTemplate(scope, dot, statement);
      return 'next';
    case 'break':
    case 'continue':
      return statement.kind;
    default:
      return runBranch(scope, dot, statement);
  }
}

/** Runs a block; variables that it declares end with it. */
function inBlock(scope: Scope, run: () => Flow): Flow {
  const size = scope.variables.length;
  const flow = run();
  scope.variables.length = size;
  return flow;
}

function runBranch(scope: Scope, dot: GoValue, branch: BranchNode): Flow {
  return inBlock(scope, () => {
    if (branch.kind === 'range') return runRange(scope, dot, branch);
    const value = evaluatePipeline(scope, dot, branch.pipeline);
    if (!isTrue(value)) return runStatements(scope, dot, branch.otherwise);
    return runStatements(scope, branch.kind === 'with' ? value : dot, branch.body);
  });
}

function runRange(scope: Scope, dot: GoValue, branch: BranchNode): Flow {
  const { variables } = branch.pipeline;
  // `range` sets its variables itself, once for each item.
  const value = evaluatePipeline(scope, dot, { ...branch.pipeline, variables: [] });
  const items = rangeItems(scope, branch, value);
  if (items.length === 0) return runStatements(scope, dot, branch.otherwise);
  for (const [key, item] of items) {
    const flow = inBlock(scope, () => {
      const values = variables.length === 1 ? [item] : [key, item];
      variables.forEach((name, i) => setVariable(scope, { name, value: values[i] }, branch.pipeline));
      return runStatements(scope, item, branch.body);
    });
    if (flow === 'break') break;
  }
  return 'next';
}

function rangeItems(scope: Scope, branch: BranchNode, value: GoValue): readonly (readonly [GoValue, GoValue])[] {
  if (value === undefined || value === null) return [];
  if (isList(value)) return value.map((item, i) => [i, item] as const);
  if (isMap(value)) return sortedKeys(value).map((key) => [key, value.entries.get(key)] as const);
  return failIn(scope, branch.pipeline, `range can't iterate over ${goString(value)}`);
}

function callText(node: TemplateNode): string {
  const data = node.pipeline === undefined ? '' : ` ${nodeText(node.pipeline)}`;
  return `{{template ${JSON.stringify(node.name)}${data}}}`;
}

function callTemplate(scope: Scope, dot: GoValue, node: TemplateNode): void {
  const statements = scope.template.defined.get(node.name);
  const fail = (message: string): never => {
    throw new TemplateError(
      `${location(scope, node.at)}: executing ${JSON.stringify(scope.template.name)} at <${callText(node)}>: ${message}`,
    );
  };
  if (statements === undefined) return fail(`template ${JSON.stringify(node.name)} not defined`);
  if (scope.calls >= MAX_CALLS) return fail(`exceeded maximum template depth (${MAX_CALLS})`);
  const data = node.pipeline === undefined ? undefined : evaluatePipeline(scope, dot, node.pipeline);
  runStatements({ ...scope, variables: [{ name: '$', value: data }], calls: scope.calls + 1 }, data, statements);
}
