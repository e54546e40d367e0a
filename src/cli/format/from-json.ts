/**
 * Converts plain data to values of templates. Which fields are maps and which are times cannot be seen from the data,
 * and is given by a shape.
 */
import { nilMap, type GoValue } from './values.js';

export interface JsonShape {
  /** Names of fields that are maps, with arbitrary keys. */
  readonly maps: ReadonlySet<string>;
  /** Values that maps return for missing keys, by field. @default '' */
  readonly zeros?: Readonly<Record<string, GoValue>>;
  /** Names of fields that hold RFC 3339 text. */
  readonly times: ReadonlySet<string>;
  /**
   * Returns the name of a struct's type for messages. `parent`: the name of the field that holds the struct, with `[]`
   * for a value of a map.
   */
  readonly typeOf: (parent: string) => string;
  /** Returns other names for the fields of a struct. */
  readonly aliasesOf?: (names: readonly string[]) => Readonly<Record<string, string>>;
  /** Returns values of fields that the data lacks or has as null; `parent` as in typeOf. */
  readonly optionalOf?: (parent: string) => Readonly<Record<string, GoValue>> | undefined;
}

export function fromJson(value: unknown, shape: JsonShape, name = ''): GoValue {
  if (value === undefined || value === null) return shape.maps.has(name) ? nilMap(zeroOf(shape, name)) : null;
  if (typeof value === 'string') return shape.times.has(name) ? { kind: 'time', text: value } : value;
  if (typeof value === 'number') return Number.isInteger(value) ? value : { kind: 'float', value };
  if (typeof value === 'boolean') return value;
  if (Array.isArray(value)) return value.map((item) => fromJson(item, shape, name));
  if (typeof value !== 'object') return null;
  if (shape.maps.has(name)) {
    const entries = Object.entries(value).map(
      ([key, item]: [string, unknown]) => [key, fromJson(item, shape, `${name}[]`)] as const,
    );
    return { kind: 'map', entries: new Map(entries), zero: zeroOf(shape, name) };
  }
  const optional = shape.optionalOf?.(name);
  const fields = Object.fromEntries(
    Object.entries(value).map(([key, item]: [string, unknown]) => [
      key,
      (item === null ? optional?.[key] : undefined) ?? fromJson(item, shape, key),
    ]),
  );
  const aliases = shape.aliasesOf?.(Object.keys(fields));
  return {
    kind: 'struct',
    type: shape.typeOf(name),
    fields,
    ...(aliases === undefined ? {} : { aliases }),
    ...(optional === undefined ? {} : { optional }),
  };
}

/** Returns the zero value of a map's value type. */
function zeroOf({ zeros }: JsonShape, name: string): GoValue {
  return zeros !== undefined && Object.hasOwn(zeros, name) ? zeros[name] : '';
}
