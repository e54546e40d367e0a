/** Plain data as the values of templates: which fields are maps and which are moments has to be said. */
import { nilMap, type GoValue } from './values.js';

export interface JsonShape {
  /** Names of fields whose keys are data. */
  readonly maps: ReadonlySet<string>;
  /** What a missing key of such a map answers, where that is not the empty text. */
  readonly zeros?: Readonly<Record<string, GoValue>>;
  /** Names of fields that hold RFC 3339 text. */
  readonly times: ReadonlySet<string>;
  /** Type named in messages about a field; `parent` is the name of the field that holds the struct, with `[]` for a value of a map. */
  readonly typeOf: (parent: string) => string;
  /** Other names of a struct's field. */
  readonly aliasesOf?: (names: readonly string[]) => Readonly<Record<string, string>>;
  /** What fields are that the data does not have, or has as null; `parent` as in typeOf. */
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

/** The zero of the type of a map's values. */
function zeroOf({ zeros }: JsonShape, name: string): GoValue {
  return zeros !== undefined && Object.hasOwn(zeros, name) ? zeros[name] : '';
}
