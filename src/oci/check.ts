/** Reads JSON that comes from outside: each value is checked and bounded, and an error names its place. */
import { TspodError } from '../errors.js';

/** Place of a value, for errors: "seccomp profile: syscalls[3].names". */
export type Place = string;

/** Returns an error of code INVALID_ARGUMENT about the value at a place. */
export function wrong(at: Place, what: string): TspodError {
  return new TspodError('INVALID_ARGUMENT', `${at} ${what}`);
}

/** Parses text as JSON. Throws INVALID_ARGUMENT if it is not JSON or longer than `maxBytes`. */
export function parseJson(
  what: Place,
  text: string,
  maxBytes: number,
  parse: (text: string) => unknown = JSON.parse,
): unknown {
  if (Buffer.byteLength(text) > maxBytes) throw wrong(what, `is larger than ${maxBytes} bytes`);
  try {
    return parse(text);
  } catch (error) {
    throw new TspodError('INVALID_ARGUMENT', `${what} is not JSON: ${(error as Error).message}`, { cause: error });
  }
}

export type JsonObject = Readonly<Record<string, unknown>>;

export function readObject(value: unknown, at: Place): JsonObject {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject;
  throw wrong(at, 'must be an object');
}

/**
 * Returns a member of an object; undefined if it is absent or null, which Go writes for an empty list. Inherited
 * members do not count.
 */
export function member(object: JsonObject, key: string): unknown {
  return Object.hasOwn(object, key) ? (object[key] ?? undefined) : undefined;
}

export function readString(value: unknown, at: Place, maxLength = 4096): string {
  if (typeof value !== 'string') throw wrong(at, 'must be a string');
  if (value.length > maxLength) throw wrong(at, `must be at most ${maxLength} characters`);
  if (value.includes('\0')) throw wrong(at, 'must not contain a NUL character');
  return value;
}

export function readBoolean(value: unknown, at: Place): boolean {
  if (typeof value === 'boolean') return value;
  throw wrong(at, 'must be true or false');
}

/** Reads a whole number that JSON represents exactly. */
export function readInteger(value: unknown, at: Place, range: { readonly min: number; readonly max: number }): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= range.min && value <= range.max)
    return value;
  throw wrong(at, `must be a whole number from ${range.min} to ${range.max}`);
}

export function readList<T>(
  value: unknown,
  at: Place,
  read: (item: unknown, at: Place) => T,
  maxItems = 4096,
): readonly T[] {
  if (!Array.isArray(value)) throw wrong(at, 'must be a list');
  if (value.length > maxItems) throw wrong(at, `must have at most ${maxItems} items`);
  return value.map((item, index) => read(item, `${at}[${index}]`));
}

export function readStrings(value: unknown, at: Place, maxItems = 4096): readonly string[] {
  return readList(value, at, (item, place) => readString(item, place), maxItems);
}

/** Reads one of the given words. */
export function readWord<T extends string>(value: unknown, at: Place, words: readonly T[]): T {
  const found = words.find((word) => word === value);
  if (found === undefined) throw wrong(at, `must be one of ${words.join(', ')}`);
  return found;
}

/** Reads a member; undefined if it is absent. */
export function optional<T>(
  object: JsonObject,
  key: string,
  at: Place,
  read: (value: unknown, at: Place) => T,
): T | undefined {
  const value = member(object, key);
  return value === undefined ? undefined : read(value, `${at}.${key}`);
}

/** Reads an object with string values. */
export function readStringRecord(value: unknown, at: Place, maxItems = 4096): Readonly<Record<string, string>> {
  const entries = Object.entries(readObject(value, at));
  if (entries.length > maxItems) throw wrong(at, `must have at most ${maxItems} items`);
  return Object.fromEntries(
    entries.map(([key, item]) => [readString(key, at), readString(item, `${at}.${key}`, 131072)]),
  );
}

/** A function that reads a value of one type. */
export type Reader<T> = (value: unknown, at: Place) => T;

/** Keys of T that may be absent. */
type OptionalKeys<T> = { [K in keyof T]-?: object extends Pick<T, K> ? K : never }[keyof T];

/** Readers for all fields of T, required and optional ones; the compiler checks that none is missing. */
export interface Fields<T> {
  readonly required: { readonly [K in Exclude<keyof T, OptionalKeys<T>>]: Reader<T[K]> };
  readonly optional: { readonly [K in OptionalKeys<T>]: Reader<Exclude<T[K], undefined>> };
}

/** Returns a reader of objects with these fields; other members are ignored, as the specifications demand. */
export function objectOf<T extends object>({ required, optional: further }: Fields<T>): Reader<T> {
  return (value, at) => {
    const object = readObject(value, at);
    const read: Record<string, unknown> = {};
    for (const [key, reader] of Object.entries<Reader<unknown>>(required)) {
      if (member(object, key) === undefined) throw wrong(`${at}.${key}`, 'is missing');
      read[key] = reader(object[key], `${at}.${key}`);
    }
    for (const [key, reader] of Object.entries<Reader<unknown>>(further)) {
      const field = optional(object, key, at, reader);
      if (field !== undefined) read[key] = field;
    }
    return read as T;
  };
}

/** Returns a reader of lists of at most `maxItems` items. */
export function listOf<T>(reader: Reader<T>, maxItems = 4096): Reader<readonly T[]> {
  return (value, at) => readList(value, at, reader, maxItems);
}

/** Returns a reader of whole numbers in a range. */
export function integerIn(min: number, max: number): Reader<number> {
  return (value, at) => readInteger(value, at, { min, max });
}

/** Returns a reader of one of the given words. */
export function wordOf<T extends string>(words: readonly T[]): Reader<T> {
  return (value, at) => readWord(value, at, words);
}

/** Returns a reader of strings of at most `maxLength` characters. */
export function stringOf(maxLength: number): Reader<string> {
  return (value, at) => readString(value, at, maxLength);
}
