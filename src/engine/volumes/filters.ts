/** The filters of `volume ls` and `volume prune`. */
import { invalid } from '../../errors.js';
import { everyFilter, LABEL_FILTERS, NAME_FILTERS, untilLimit } from '../name-and-label-filters.js';
import type { VolumeFilters, VolumeSummary } from './types.js';

type VolumePredicate = (volume: VolumeSummary) => boolean;

interface FilterContext {
  readonly now: Date;
  /** Returns when a volume was created. Throws NO_SUCH_VOLUME. */
  readonly createdAt: (name: string) => Date;
}

type FilterMaker = (values: readonly string[], context: FilterContext) => VolumePredicate;

const since: FilterMaker = (values, { createdAt }) => {
  const limit = Math.max(...values.map((value) => createdAt(value).getTime()));
  return (volume) => volume.createdAt.getTime() > limit;
};

const MAKERS: Readonly<Record<keyof VolumeFilters, FilterMaker>> = {
  name: (values) => {
    const matches = NAME_FILTERS.name(values);
    return ({ name }) => matches({ id: '', name });
  },
  ...LABEL_FILTERS,
  driver:
    (values) =>
    ({ driver }) =>
      values.includes(driver),
  scope: (values) => () => values.includes('local'),
  opt:
    (values) =>
    ({ options }) =>
      values.some((value) => {
        const [key = '', ...rest] = value.split('=');
        return Object.hasOwn(options, key) && (rest.length === 0 || options[key] === rest.join('='));
      }),
  dangling: flag('dangling', ({ containers }) => containers.length === 0),
  anonymous: flag('anonymous', ({ anonymous }) => anonymous),
  after: since,
  since,
  until: (values, { now }) => {
    const limit = untilLimit(values, now);
    return ({ createdAt }) => createdAt.getTime() < limit;
  },
};

function flag(name: string, holds: VolumePredicate): FilterMaker {
  return (values) => {
    const bad = values.find((value) => !/^(true|false|1|0)$/.test(value));
    if (bad !== undefined)
      throw invalid(`"${bad}" is not a valid value for the "${name}" filter - must be true or false`);
    const wanted = values.map((value) => value === 'true' || value === '1');
    return (volume) => wanted.includes(holds(volume));
  };
}

/** Returns one test that combines all filters. Throws INVALID_ARGUMENT for an unknown filter or a bad value. */
export function volumePredicate(filters: VolumeFilters, context: FilterContext): VolumePredicate {
  return everyFilter(filters, {
    makers: MAKERS,
    make: (maker, values) => maker(values, context),
    unknown: (name) => `${JSON.stringify(name)} is an invalid volume filter`,
  });
}
