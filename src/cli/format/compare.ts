/** The comparison functions of templates: eq, ne, lt, le, gt and ge. */
import type { TemplateFunction } from './functions.js';
import { isFloat, isList, isTagged, type GoValue } from './values.js';

type BasicKind = 'bool' | 'int' | 'float' | 'string';

interface Basic {
  readonly kind: BasicKind;
  readonly value: boolean | number | string;
}

function basic(value: GoValue): Basic | undefined {
  if (typeof value === 'boolean') return { kind: 'bool', value };
  if (typeof value === 'number') return { kind: 'int', value };
  if (typeof value === 'string') return { kind: 'string', value };
  return isFloat(value) ? { kind: 'float', value: value.value } : undefined;
}

function equal(a: GoValue, b: GoValue): boolean {
  const [left, right] = [basic(a), basic(b)];
  if (left !== undefined && right !== undefined) {
    if (left.kind !== right.kind) throw new Error('incompatible types for comparison');
    return left.value === right.value;
  }
  const isNil = (value: GoValue): boolean => value === undefined || value === null;
  if (isNil(a) || isNil(b)) return isNil(a) && isNil(b);
  if (left !== undefined || right !== undefined) throw new Error('incompatible types for comparison');
  for (const value of [a, b]) {
    if (isList(value) || (isTagged(value) && value.kind === 'map')) throw new Error('non-comparable type');
  }
  return a === b;
}

function less(a: GoValue, b: GoValue): boolean {
  const [left, right] = [basic(a), basic(b)];
  if (left === undefined || right === undefined || left.kind === 'bool') throw new Error('invalid type for comparison');
  if (left.kind !== right.kind) throw new Error('incompatible types for comparison');
  return left.value < right.value;
}

function pair(test: (a: GoValue, b: GoValue) => boolean): TemplateFunction {
  return { parameters: ['any', 'any'], call: ([a, b]) => test(a, b) };
}

export const compareFunctions: Readonly<Record<string, TemplateFunction>> = {
  eq: {
    parameters: ['any'],
    rest: 'any',
    call: ([first, ...others]) => {
      if (others.length === 0) throw new Error('missing argument for comparison');
      return others.some((other) => equal(first, other));
    },
  },
  ne: pair((a, b) => !equal(a, b)),
  lt: pair(less),
  le: pair((a, b) => less(a, b) || equal(a, b)),
  gt: pair((a, b) => !less(a, b) && !equal(a, b)),
  ge: pair((a, b) => !less(a, b)),
};
