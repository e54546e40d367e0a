/** The declarations of the package: what they name can be imported from it, and nothing else is in them. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import ts from 'typescript';

import * as values from '../../../src/index.js';

const SOURCES = fileURLToPath(new URL('../../../../src/', import.meta.url));

/** Names by which src/index.ts exports something of src/, with the symbol that each stands for. */
function publicSymbols(checker: ts.TypeChecker, index: ts.SourceFile): ReadonlyMap<ts.Symbol, string> {
  const module = checker.getSymbolAtLocation(index);
  const exported = module === undefined ? [] : checker.getExportsOfModule(module);
  return new Map(exported.map((symbol) => [target(checker, symbol), symbol.name]));
}

function target(checker: ts.TypeChecker, symbol: ts.Symbol): ts.Symbol {
  return symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
}

/** What a declaration names in its types: not in the bodies of functions, and not what it names by `typeof`. */
function namedTypes(checker: ts.TypeChecker, declaration: ts.Node): readonly ts.Symbol[] {
  const found: ts.Symbol[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isBlock(node)) return;
    if (ts.isTypeReferenceNode(node)) add(node.typeName);
    if (ts.isExpressionWithTypeArguments(node)) add(node.expression);
    ts.forEachChild(node, visit);
  };
  const add = (name: ts.Node) => {
    const symbol = checker.getSymbolAtLocation(name);
    if (symbol !== undefined) found.push(target(checker, symbol));
  };
  visit(declaration);
  return found;
}

/** Types and functions of src/: not those of Node, of the language, or of the parameters of a generic type. */
function isOurs({ declarations = [], flags }: ts.Symbol): boolean {
  return !(flags & ts.SymbolFlags.TypeParameter) && declarations.some(isOurDeclaration);
}

function isOurDeclaration(declaration: ts.Declaration): boolean {
  return declaration.getSourceFile().fileName.startsWith(SOURCES);
}

/** All that is named by way of the values that are exported: openEngine's answer has the rest. */
function reachable(checker: ts.TypeChecker, roots: Iterable<ts.Symbol>): ReadonlySet<ts.Symbol> {
  const seen = new Set(roots);
  // a set goes on with what is added on the way
  for (const { declarations = [] } of seen)
    for (const declaration of declarations.filter(isOurDeclaration))
      for (const named of namedTypes(checker, declaration)) if (isOurs(named)) seen.add(named);
  return seen;
}

test('every type that the public declarations name is exported from src/index.ts, and no other', (t) => {
  const path = join(SOURCES, 'index.ts');
  const options = { module: ts.ModuleKind.NodeNext, target: ts.ScriptTarget.ES2023, types: [], noLib: true };
  const program = ts.createProgram([path], options);
  const checker = program.getTypeChecker();
  const index = program.getSourceFile(path);
  if (index === undefined) return t.fail(`${path} cannot be read`);
  const exported = publicSymbols(checker, index);
  const roots = [...exported].filter(([, name]) => Object.hasOwn(values, name)).map(([symbol]) => symbol);
  t.is(roots.length, Object.keys(values).length);
  const named = reachable(checker, roots);
  const names = (symbols: Iterable<ts.Symbol>) => [...symbols].map(({ name }) => name).sort();
  t.true(named.size > 200);
  t.deepEqual(names([...named].filter((symbol) => !exported.has(symbol))), [], 'named, and not exported');
  t.deepEqual(names([...exported.keys()].filter((symbol) => !named.has(symbol))), [], 'exported, and not named');
});
