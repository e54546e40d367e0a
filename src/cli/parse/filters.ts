/** Parses --filter. */
import { invalid } from '../errors/cli-error.js';
import { splitPair } from './key-values.js';

const NAMES: ReadonlySet<string> = new Set([
  'id',
  'name',
  'label',
  'label!',
  'exited',
  'status',
  'ancestor',
  'before',
  'since',
  'network',
  'pod',
  'restart-policy',
  'command',
  'until',
  'volume',
  'should-start-on-boot',
  'health',
]);

/** Filters of `images` and `image prune`. */
export const IMAGE_FILTERS: ReadonlySet<string> = new Set([
  'after',
  'before',
  'containers',
  'dangling',
  'digest',
  'id',
  'intermediate',
  'label',
  'label!',
  'readonly',
  'reference',
  'since',
  'until',
]);

/**
 * Returns the values of filters by name. Items are NAME=VALUE; label!=VALUE excludes. `names`: the known filters, by
 * default those of ps; with 'any' the engine checks the names.
 */
export function parseFilters(
  items: readonly string[],
  names: ReadonlySet<string> | 'any' = NAMES,
): Record<string, string[]> {
  const filters: Record<string, string[]> = {};
  for (const item of items) {
    const [name, value] = splitPair(item);
    if (value === undefined) throw invalid(`invalid filter ${JSON.stringify(item)}`);
    if (names !== 'any' && !names.has(name)) throw invalid(`${name} is an invalid filter`);
    if (!Object.hasOwn(filters, name)) filters[name] = [];
    filters[name]?.push(value);
  }
  return filters;
}
