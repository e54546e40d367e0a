/** Plain data as the values of templates: which fields are maps and which are moments has to be said. */
import type { GoValue } from './values.js';

export interface JsonShape {
  /** Names of fields whose keys are data. */
  readonly maps: ReadonlySet<string>;
  /** Names of fields that hold RFC 3339 text. */
  readonly times: ReadonlySet<string>;
  /** Type named in messages about a field; `parent` is the name of the field that holds the struct. */
  readonly typeOf: (parent: string) => string;
  /** Other names of a struct's field. */
  readonly aliasesOf?: (names: readonly string[]) => Readonly<Record<string, string>>;
  /** What fields are that the data does not have; `parent` as in typeOf. */
  readonly optionalOf?: (parent: string) => Readonly<Record<string, GoValue>> | undefined;
}

export function fromJson(value: unknown, shape: JsonShape, name = ''): GoValue {
  if (value === undefined || value === null) return null;
  if (typeof value === 'string') return shape.times.has(name) ? { kind: 'time', text: value } : value;
  if (typeof value === 'number') return Number.isInteger(value) ? value : { kind: 'float', value };
  if (typeof value === 'boolean') return value;
  if (Array.isArray(value)) return value.map((item) => fromJson(item, shape, name));
  if (typeof value !== 'object') return null;
  const entries = Object.entries(value).map(
    ([key, item]: [string, unknown]) => [key, fromJson(item, shape, key)] as const,
  );
  if (shape.maps.has(name)) return { kind: 'map', entries: new Map(entries), zero: zeroOf(entries) };
  const fields = Object.fromEntries(entries);
  const aliases = shape.aliasesOf?.(Object.keys(fields));
  const optional = shape.optionalOf?.(name);
  return {
    kind: 'struct',
    type: shape.typeOf(name),
    fields,
    ...(aliases === undefined ? {} : { aliases }),
    ...(optional === undefined ? {} : { optional }),
  };
}

/** What a missing key of such a map answers: the zero of its values' type. */
function zeroOf(entries: readonly (readonly [string, GoValue])[]): GoValue {
  const [first] = entries;
  return first === undefined || typeof first[1] === 'string' ? '' : null;
}
