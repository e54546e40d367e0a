/** --filter of network ls and prune. */
import { invalid } from '../cli-error.js';
import { splitPair } from './key-values.js';

/** Values by name; the engine knows which there are. */
export function parseNetworkFilters(items: readonly string[]): Record<string, string[]> {
  const filters: Record<string, string[]> = {};
  for (const item of items) {
    const [name, value] = splitPair(item);
    if (value === undefined) throw invalid(`invalid filter ${JSON.stringify(item)}`);
    if (!Object.hasOwn(filters, name)) filters[name] = [];
    filters[name]?.push(value);
  }
  return filters;
}
