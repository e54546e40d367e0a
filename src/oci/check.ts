/** Reading JSON that came from outside: each value is checked and bounded, an error names the place. */
import { TspodError } from '../errors.js';

/** Where a value lies, for errors: "seccomp profile: syscalls[3].names". */
export type Place = string;

/** An error of code INVALID_ARGUMENT about the value at a place. */
export function wrong(at: Place, what: string): TspodError {
  return new TspodError('INVALID_ARGUMENT', `${at} ${what}`);
}

/** The text as JSON; INVALID_ARGUMENT when it is none or longer than `maxBytes`. */
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

/** A member; undefined where it is absent or null, which Go writes for an empty list. Inherited ones do not count. */
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

/** A whole number that JSON carries exactly. */
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

/** One of the words. */
export function readWord<T extends string>(value: unknown, at: Place, words: readonly T[]): T {
  const found = words.find((word) => word === value);
  if (found === undefined) throw wrong(at, `must be one of ${words.join(', ')}`);
  return found;
}

/** The member read, or undefined where it is absent. */
export function optional<T>(
  object: JsonObject,
  key: string,
  at: Place,
  read: (value: unknown, at: Place) => T,
): T | undefined {
  const value = member(object, key);
  return value === undefined ? undefined : read(value, `${at}.${key}`);
}

/** String values by key. */
export function readStringRecord(value: unknown, at: Place, maxItems = 4096): Readonly<Record<string, string>> {
  const entries = Object.entries(readObject(value, at));
  if (entries.length > maxItems) throw wrong(at, `must have at most ${maxItems} items`);
  return Object.fromEntries(
    entries.map(([key, item]) => [readString(key, at), readString(item, `${at}.${key}`, 131072)]),
  );
}

/** Reads a value of one type. */
export type Reader<T> = (value: unknown, at: Place) => T;

/** Keys of T that may be absent. */
type OptionalKeys<T> = { [K in keyof T]-?: object extends Pick<T, K> ? K : never }[keyof T];

/** Readers for all fields of T, by whether they must be there: the compiler sees that none is forgotten. */
export interface Fields<T> {
  readonly required: { readonly [K in Exclude<keyof T, OptionalKeys<T>>]: Reader<T[K]> };
  readonly optional: { readonly [K in OptionalKeys<T>]: Reader<Exclude<T[K], undefined>> };
}

/** A reader of objects with these fields; members of other names are passed over, as the specifications ask. */
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

/** A reader of lists of at most so many items. */
export function listOf<T>(reader: Reader<T>, maxItems = 4096): Reader<readonly T[]> {
  return (value, at) => readList(value, at, reader, maxItems);
}

/** A reader of whole numbers in a range. */
export function integerIn(min: number, max: number): Reader<number> {
  return (value, at) => readInteger(value, at, { min, max });
}

/** A reader of one of some words. */
export function wordOf<T extends string>(words: readonly T[]): Reader<T> {
  return (value, at) => readWord(value, at, words);
}

/** A reader of strings of at most so many characters. */
export function stringOf(maxLength: number): Reader<string> {
  return (value, at) => readString(value, at, maxLength);
}
