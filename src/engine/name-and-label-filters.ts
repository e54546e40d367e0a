/** Filters and helpers that listings of containers, images, networks, pods, secrets and volumes share. */
import { invalid, isTspodError } from '../errors.js';
import { showNetwork, type NetworkPlace } from '../network/networks.js';
import { parseMoment } from '../util/moment.js';

interface Named {
  readonly id: string;
  readonly name: string;
}

interface Labelled {
  readonly labels?: Readonly<Record<string, string>>;
}

/** `id`: an id prefix or a regular expression. `name`: a regular expression. One of several values must match. */
export const NAME_FILTERS = {
  id: (values: readonly string[]) => {
    const tests = values.map((value) =>
      /^[0-9a-f]+$/i.test(value) ? (id: string) => id.startsWith(value.toLowerCase()) : matcher('id', value),
    );
    return ({ id }: Named): boolean => tests.some((test) => test(id));
  },
  name: (values: readonly string[]) => {
    const matches = anyPattern('name', values);
    return ({ name }: Named): boolean => matches(name);
  },
};

/** `label`: all labels must be there. `label!`: none of the labels may be there. */
export const LABEL_FILTERS = {
  label: (values: readonly string[]) => {
    const tests = values.map(labelTest);
    return ({ labels = {} }: Labelled): boolean => tests.every((test) => test(labels));
  },
  'label!': (values: readonly string[]) => {
    const tests = values.map(labelTest);
    return ({ labels = {} }: Labelled): boolean => !tests.some((test) => test(labels));
  },
};

export type Test<Item> = (item: Item) => boolean;

interface KnownFilters<Item, Maker> {
  readonly makers: Readonly<Record<string, Maker>>;
  readonly make: (maker: Maker, values: readonly string[]) => Test<Item>;
  /** Makes the error message for an unknown filter. */
  readonly unknown: (name: string) => string;
}

/** Returns one test that combines all filters that have values. Throws INVALID_ARGUMENT for an unknown filter. */
export function everyFilter<Item, Maker>(
  filters: Readonly<Record<string, readonly string[]>>,
  { makers, make, unknown }: KnownFilters<Item, Maker>,
): Test<Item> {
  const tests = Object.entries(filters)
    .filter(([, values]) => values.length > 0)
    .map(([name, values]) => {
      const maker = Object.hasOwn(makers, name) ? makers[name] : undefined;
      if (maker === undefined) throw invalid(unknown(name));
      return make(maker, values);
    });
  return (item) => tests.every((test) => test(item));
}

/**
 * Returns the time of an `until` filter, in ms since 1970: matching things were created before it. Throws
 * INVALID_ARGUMENT unless there is exactly one valid time.
 */
export function untilLimit(values: readonly string[], now: Date): number {
  if (values.length > 1) throw invalid('until: only one time can be given');
  const [text = ''] = values;
  const limit = parseMoment(text, { now });
  if (limit === undefined) throw invalid(`until: "${text}" is not a valid time`);
  return limit.getTime();
}

/**
 * Returns a test whether one of the regular expressions matches anywhere in a text. Throws INVALID_ARGUMENT for an
 * invalid expression.
 */
export function anyPattern(filter: string, values: readonly string[]): Test<string> {
  const tests = values.map((value) => matcher(filter, value));
  return (text) => tests.some((test) => test(text));
}

/**
 * Returns the name of the network with this name or id prefix. Text that names no network is returned as it is, because
 * it may be a network mode. Throws AMBIGUOUS.
 */
export function networkNamed(place: NetworkPlace, nameOrId: string): string {
  try {
    return showNetwork(place, nameOrId).name;
  } catch (error) {
    if (isTspodError(error, 'NO_SUCH_NETWORK') || isTspodError(error, 'NETWORK_BROKEN')) return nameOrId;
    throw error;
  }
}

/** Returns a test for a regular expression, which may match anywhere in the value, as in Podman. */
function matcher(filter: string, text: string): (value: string) => boolean {
  let expression: RegExp;
  try {
    expression = new RegExp(text);
  } catch {
    throw invalid(`${filter}: "${text}" is not a valid regular expression`);
  }
  return (value) => expression.test(value);
}

/**
 * Returns a test for `key` or `key=value`, where `*` at the end of the key or the value stands for anything; `key=`
 * accepts any value, as in Podman.
 */
function labelTest(wanted: string): (labels: Readonly<Record<string, string>>) => boolean {
  const equals = wanted.indexOf('=');
  const key = equals === -1 ? wanted : wanted.slice(0, equals);
  const value = equals === -1 ? '' : wanted.slice(equals + 1);
  return (labels) =>
    Object.entries(labels).some(([name, held]) => globMatches(key, name) && (value === '' || globMatches(value, held)));
}

function globMatches(pattern: string, text: string): boolean {
  return pattern.endsWith('*') ? text.startsWith(pattern.slice(0, -1)) : text === pattern;
}
