/** Functions that templates may call: Go's built-in ones and those that Podman adds. */
import { compareFunctions } from './compare.js';
import { sprint, sprintln } from './print.js';
import { sprintf } from './printf.js';
import { isList, isMap, isTrue, toJson, typeName, type GoValue } from './values.js';

export type ParameterType = 'any' | 'string' | 'int' | 'strings';

/** A function of templates. `and` and `or` are listed for their names, but evaluated separately. */
export interface TemplateFunction {
  readonly parameters: readonly ParameterType[];
  /** Type of further arguments. @default no further arguments are allowed */
  readonly rest?: ParameterType;
  /** Throws an Error whose message is shown as "error calling NAME: ...". */
  readonly call: (values: readonly GoValue[]) => GoValue;
}

const BUILT_IN: Readonly<Record<string, TemplateFunction>> = {
  and: { parameters: ['any'], rest: 'any', call: (values) => values.find((value) => !isTrue(value)) ?? values.at(-1) },
  or: { parameters: ['any'], rest: 'any', call: (values) => values.find(isTrue) ?? values.at(-1) },
  not: { parameters: ['any'], call: ([value]) => !isTrue(value) },
  len: { parameters: ['any'], call: ([value]) => length(value) },
  index: { parameters: ['any'], rest: 'any', call: ([value, ...keys]) => keys.reduce(indexInto, value) },
  slice: { parameters: ['any'], rest: 'any', call: ([value, ...bounds]) => slice(value, bounds) },
  print: { parameters: [], rest: 'any', call: sprint },
  println: { parameters: [], rest: 'any', call: sprintln },
  printf: { parameters: ['string'], rest: 'any', call: ([format, ...values]) => sprintf(format as string, values) },
  ...compareFunctions,
};

const PODMAN: Readonly<Record<string, TemplateFunction>> = {
  join: {
    parameters: ['strings', 'string'],
    call: ([list, separator]) => (list as string[]).join(separator as string),
  },
  json: { parameters: ['any'], call: ([value]) => JSON.stringify(toJson(value)) },
  lower: { parameters: ['string'], call: ([text]) => (text as string).toLowerCase() },
  upper: { parameters: ['string'], call: ([text]) => (text as string).toUpperCase() },
  title: { parameters: ['string'], call: ([text]) => title(text as string) },
  split: { parameters: ['string', 'string'], call: ([text, separator]) => (text as string).split(separator as string) },
  truncate: { parameters: ['string', 'int'], call: ([text, size]) => truncate(text as string, size as number) },
  pad: {
    parameters: ['string', 'int', 'int'],
    call: ([text, before, after]) => padText(text as string, before as number, after as number),
  },
};

export const FUNCTIONS: ReadonlyMap<string, TemplateFunction> = new Map(Object.entries({ ...BUILT_IN, ...PODMAN }));

/** Maximum number of spaces that `pad` adds on each side. */
const MAX_PAD = 10_000;

function length(value: GoValue): number {
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (isList(value)) return value.length;
  if (isMap(value)) return value.entries.size;
  if (value === undefined || value === null) throw new Error('len of untyped nil');
  throw new Error(`len of type ${typeName(value)}`);
}

function indexInto(value: GoValue, key: GoValue): GoValue {
  if (value === undefined || value === null) throw new Error('index of untyped nil');
  if (isMap(value)) {
    if (typeof key !== 'string') throw new Error(`value has type ${typeName(key)}; should be string`);
    return value.entries.has(key) ? value.entries.get(key) : value.zero;
  }
  if (!isList(value) && typeof value !== 'string') throw new Error(`can't index item of type ${typeName(value)}`);
  if (typeof key !== 'number') throw new Error(`cannot index slice/array with type ${typeName(key)}`);
  if (key < 0 || key >= length(value)) throw new Error(`index out of range: ${key}`);
  return typeof value === 'string' ? Buffer.from(value)[key] : value[key];
}

function slice(value: GoValue, bounds: readonly GoValue[]): GoValue {
  if (value === undefined || value === null) throw new Error('slice of untyped nil');
  if (!isList(value) && typeof value !== 'string') throw new Error(`can't slice item of type ${typeName(value)}`);
  if (bounds.length > 3) throw new Error(`too many slice indexes: ${bounds.length}`);
  if (typeof value === 'string' && bounds.length === 3) throw new Error('cannot 3-index slice a string');
  const size = length(value);
  const [from = 0, to = size] = bounds.map((bound) => {
    if (typeof bound !== 'number') throw new Error(`cannot index slice/array with type ${typeName(bound)}`);
    if (bound < 0 || bound > size) throw new Error(`index out of range: ${bound}`);
    return bound;
  });
  if (from > to) throw new Error(`invalid slice index: ${from} > ${to}`);
  return typeof value === 'string' ? Buffer.from(value).subarray(from, to).toString() : value.slice(from, to);
}

/** Capitalises the first letter of each word. */
function title(text: string): string {
  return text.replace(
    /(^|[^\p{L}\p{Nd}_'])(\p{Ll})/gu,
    (_, before: string, letter: string) => before + letter.toUpperCase(),
  );
}

function truncate(text: string, size: number): string {
  if (size < 0) throw new Error(`slice bounds out of range [:${size}]`);
  return text.length < size ? text : text.slice(0, size);
}

function padText(text: string, before: number, after: number): string {
  if (text === '') return text;
  if (before < 0 || after < 0) throw new Error('strings: negative Repeat count');
  return ' '.repeat(Math.min(before, MAX_PAD)) + text + ' '.repeat(Math.min(after, MAX_PAD));
}
