/** Values of templates: the Go values that Podman's output consists of, as plain data. */

/** A floating point number. As in Go, it differs from an integer: 1.0 is not equal to 1. */
export interface GoFloat {
  readonly kind: 'float';
  readonly value: number;
}

/** A value with fixed fields; access to any other field is an error. */
export interface GoStruct {
  readonly kind: 'struct';
  /** Name of the type, for error messages. */
  readonly type: string;
  readonly fields: Readonly<Record<string, GoValue>>;
  /** Other names of fields, such as `ID` for `Id`. */
  readonly aliases?: Readonly<Record<string, string>>;
  /** Values of fields that JSON omits but that templates may access, also by alias. */
  readonly optional?: Readonly<Record<string, GoValue>>;
}

/** A value with arbitrary keys; a missing key yields no value. */
export interface GoMap {
  readonly kind: 'map';
  readonly entries: ReadonlyMap<string, GoValue>;
  /** What `index` returns for a missing key. */
  readonly zero: GoValue;
  /** Set for a nil map, which is null in JSON. */
  readonly isNil?: true;
}

/** A time, printed as Go's time.Time is. */
export interface GoTime {
  readonly kind: 'time';
  /** RFC 3339, with up to nine digits of a fraction of a second. */
  readonly text: string;
}

/** Any value; undefined is "no value", null is nil. */
export type GoValue =
  undefined | null | boolean | number | string | GoFloat | GoStruct | GoMap | GoTime | readonly GoValue[];

export function isList(value: GoValue): value is readonly GoValue[] {
  return Array.isArray(value);
}

/** Whether a value is an object with a `kind`. */
export function isTagged(value: GoValue): value is GoFloat | GoStruct | GoMap | GoTime {
  return typeof value === 'object' && value !== null && !isList(value);
}

export function isFloat(value: GoValue): value is GoFloat {
  return isTagged(value) && value.kind === 'float';
}

export function isStruct(value: GoValue): value is GoStruct {
  return isTagged(value) && value.kind === 'struct';
}

export function isMap(value: GoValue): value is GoMap {
  return isTagged(value) && value.kind === 'map';
}

export function isTime(value: GoValue): value is GoTime {
  return isTagged(value) && value.kind === 'time';
}

export function struct(
  type: string,
  fields: Readonly<Record<string, GoValue>>,
  aliases?: Readonly<Record<string, string>>,
): GoStruct {
  return aliases === undefined ? { kind: 'struct', type, fields } : { kind: 'struct', type, fields, aliases };
}

/** Makes a map of strings, as for labels. */
export function stringMap(record: Readonly<Record<string, string>>): GoMap {
  return { kind: 'map', entries: new Map(Object.entries(record)), zero: '' };
}

/** Makes a nil map, which templates see as empty. `zero`: the zero value of its value type. */
export function nilMap(zero: GoValue = ''): GoMap {
  return { kind: 'map', entries: new Map(), zero, isNil: true };
}

/** A nil list, which templates see as empty and JSON as null. */
export const NIL_LIST: readonly GoValue[] = [];

/** Returns the name of a value's type as in Go's messages. */
export function typeName(value: GoValue): string {
  if (value === undefined || value === null) return '<nil>';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'number') return 'int';
  if (typeof value === 'string') return 'string';
  if (isList(value)) return value.every((item) => typeof item === 'string') ? '[]string' : '[]interface {}';
  switch (value.kind) {
    case 'float':
      return 'float64';
    case 'struct':
      return value.type;
    case 'map':
      return value.zero === '' ? 'map[string]string' : 'map[string]interface {}';
    case 'time':
      return 'time.Time';
  }
}

/**
 * Whether a value counts as true for `if`, `and`, `or` and `not`: zero, empty and nil are false, a struct is always
 * true.
 */
export function isTrue(value: GoValue): boolean {
  if (value === undefined || value === null) return false;
  if (typeof value === 'boolean') return value;
  if (typeof value === 'number') return value !== 0;
  if (typeof value === 'string') return value !== '';
  if (isList(value)) return value.length > 0;
  if (value.kind === 'float') return value.value !== 0;
  return value.kind !== 'map' || value.entries.size > 0;
}

/** Returns the keys of a map in the order in which Go prints and ranges over them. */
export function sortedKeys(map: GoMap): string[] {
  return [...map.entries.keys()].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
}

/** Converts a value back to plain data, for `json`. */
export function toJson(value: GoValue): unknown {
  if (value === undefined || value === NIL_LIST) return null;
  if (isList(value)) return value.map(toJson);
  if (!isTagged(value)) return value;
  switch (value.kind) {
    case 'float':
      return value.value;
    case 'time':
      return value.text;
    case 'map':
      if (value.isNil === true) return null;
      return Object.fromEntries(sortedKeys(value).map((key) => [key, toJson(value.entries.get(key))]));
    case 'struct':
      return Object.fromEntries(
        Object.entries(value.fields)
          .filter(([, field]) => field !== undefined)
          .map(([name, field]) => [name, toJson(field)]),
      );
  }
}
