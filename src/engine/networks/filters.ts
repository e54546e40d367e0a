/** The filters of `network ls` and `network prune`. */
import { invalid } from '../../errors.js';
import type { Network } from '../../network/network-file.js';
import { everyFilter, LABEL_FILTERS, NAME_FILTERS, untilLimit } from '../name-and-label-filters.js';
import type { NetworkFilters } from './types.js';

export type NetworkPredicate = (network: Network) => boolean;

interface FilterContext {
  readonly now: Date;
  /** Whether a container is on the network of this name. */
  readonly isUsed: (name: string) => boolean;
}

type FilterMaker = (values: readonly string[], context: FilterContext) => NetworkPredicate;

const MAKERS: Readonly<Record<keyof NetworkFilters, FilterMaker>> = {
  ...NAME_FILTERS,
  driver:
    (values) =>
    ({ driver }) =>
      values.includes(driver),
  ...LABEL_FILTERS,
  dangling: (values, { isUsed }) => {
    const [value = '', ...more] = values;
    if (more.length > 0 || !/^(true|false|1|0)$/.test(value)) throw invalid('dangling must be true or false, once');
    const wanted = value === 'true' || value === '1';
    return ({ name }) => !isUsed(name) === wanted;
  },
  until: (values, { now }) => {
    const limit = untilLimit(values, now);
    return ({ created }) => Date.parse(created) < limit;
  },
};

/** Filters that `network prune` accepts, as in Podman. */
export const PRUNE_FILTERS: readonly string[] = ['label', 'label!', 'until'];

/** Returns one test that combines all filters. Throws INVALID_ARGUMENT for an unknown filter or a bad value. */
export function networkPredicate(
  filters: NetworkFilters,
  context: FilterContext,
  { prunes = false }: { readonly prunes?: boolean } = {},
): NetworkPredicate {
  const makers = prunes
    ? Object.fromEntries(Object.entries(MAKERS).filter(([name]) => PRUNE_FILTERS.includes(name)))
    : MAKERS;
  return everyFilter(filters, {
    makers,
    make: (maker, values) => maker(values, context),
    unknown: (name) => `invalid filter ${JSON.stringify(name)}`,
  });
}
