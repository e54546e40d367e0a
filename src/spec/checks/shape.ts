/**
 * Checks of the shape of an options object: its keys, and the kind of value that each may have. Misuse by a program is
 * a TypeError.
 */
import { invalid } from '../../errors.js';
import { snapshot } from '../../util/snapshot.js';
import { unknownOption } from '../../util/unknown-option.js';

/**
 * Kinds of values. `strings`: an array of strings; `integers`: an array of numbers; `record`: string values by key;
 * `environment`: a record in which undefined values are left out; `lists`: arrays of strings by key; `objects`: an
 * array of objects; `stdio`: the source or target of a standard stream; `input`: the data that a process reads from its
 * standard input.
 */
export type FieldKind =
  | 'string'
  | 'boolean'
  | 'number'
  | 'strings'
  | 'integers'
  | 'record'
  | 'environment'
  | 'numbers'
  | 'lists'
  | 'object'
  | 'objects'
  | 'date'
  | 'signal'
  | 'function'
  | 'stdio'
  | 'input';

/** The kind of value for every key of T. */
export type ShapeOf<T> = Readonly<Record<keyof Required<T>, FieldKind>>;

/** Longest string that execve(2) takes as one argument (MAX_ARG_STRLEN), with its NUL. */
const MAX_STRING_BYTES = 128 * 1024;

/** Highest number of items of a list or record: far more than is useful, far less than hurts. */
const MAX_ITEMS = 16384;

/**
 * Checks an options object. Throws TypeError for an unknown key, and suggests the nearest known one, or for a value of
 * the wrong kind; throws INVALID_ARGUMENT for strings that contain a NUL or are longer than the kernel takes. A key
 * whose value is undefined counts as absent.
 */
export function checkShape<T extends object>(what: string, value: T, shape: ShapeOf<T>): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new TypeError(`${what} must be an object`);
  for (const [key, field] of Object.entries(value)) {
    const kind = Object.hasOwn(shape, key) ? shape[key as keyof T] : undefined;
    if (kind === undefined) throw unknownOption(what, key, Object.keys(shape));
    if (field !== undefined) checkKind(`${what}.${key}`, field, kind);
  }
}

/**
 * Returns a copy of the options of a call, which may be absent, if they have that shape: the caller may use its own
 * for the next call. Throws like checkShape().
 */
export function checkedCall<T extends object>(call: string, options: T | undefined, shape: ShapeOf<T>): T | undefined {
  if (options === undefined) return undefined;
  checkShape(`${call} options`, options, shape);
  return snapshot(options);
}

const KIND_WORDS: Readonly<Record<FieldKind, string>> = {
  string: 'a string',
  boolean: 'a boolean',
  number: 'a number',
  strings: 'an array of strings',
  integers: 'an array of numbers',
  numbers: 'an object with numbers as values',
  record: 'an object with strings as values',
  environment: 'an object with strings as values',
  lists: 'an object with arrays of strings as values',
  object: 'an object',
  objects: 'an array of objects',
  date: 'a valid Date',
  signal: 'an AbortSignal',
  function: 'a function',
  stdio: "'pipe', 'ignore', 'inherit' or a descriptor",
  input: 'text, bytes or a stream of these',
};

function checkKind(what: string, value: unknown, kind: FieldKind): void {
  if (!IS_OF_KIND[kind](value)) throw new TypeError(`${what} must be ${KIND_WORDS[kind]}`);
  if (kind === 'string') checkString(what, value as string);
  if (kind === 'strings') (value as readonly string[]).forEach((item) => checkString(what, item));
  if (kind === 'record' || kind === 'environment') {
    for (const [key, item] of Object.entries(value as Readonly<Record<string, string | undefined>>)) {
      checkString(what, key);
      if (item !== undefined) checkString(what, item);
    }
  }
}

const IS_OF_KIND: Readonly<Record<FieldKind, (value: unknown) => boolean>> = {
  string: (value) => typeof value === 'string',
  boolean: (value) => typeof value === 'boolean',
  number: (value) => typeof value === 'number',
  function: (value) => typeof value === 'function',
  date: (value) => value instanceof Date && !Number.isNaN(value.getTime()),
  signal: (value) => value instanceof AbortSignal,
  object: isPlain,
  stdio: (value) => STDIO.includes(value) || isDescriptor(value),
  input: (value) => typeof value === 'string' || isReadable(value),
  strings: isStrings,
  integers: (value) => isList(value, (item) => typeof item === 'number'),
  objects: (value) => isList(value, isPlain),
  record: (value) => isPlain(value) && isList(Object.values(value), (item) => typeof item === 'string'),
  environment: (value) =>
    isPlain(value) && isList(Object.values(value), (item) => item === undefined || typeof item === 'string'),
  numbers: (value) => isPlain(value) && isList(Object.values(value), (item) => typeof item === 'number'),
  lists: (value) => isPlain(value) && isList(Object.values(value), isStrings),
};

const STDIO: readonly unknown[] = ['pipe', 'ignore', 'inherit'];

function isDescriptor(value: unknown): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0;
}

function isReadable(value: unknown): boolean {
  return (
    value instanceof Uint8Array || (isPlain(value) && typeof Reflect.get(value, Symbol.asyncIterator) === 'function')
  );
}

function isPlain(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isStrings(value: unknown): boolean {
  return isList(value, (item) => typeof item === 'string');
}

function isList(value: unknown, isItem: (item: unknown) => boolean): boolean {
  return Array.isArray(value) && value.length <= MAX_ITEMS && value.every(isItem);
}

function checkString(what: string, value: string): void {
  if (value.includes('\0')) throw invalid(`${what} must not contain a NUL character`);
  if (value.length >= MAX_STRING_BYTES) throw invalid(`${what} is longer than ${MAX_STRING_BYTES - 1} characters`);
}
