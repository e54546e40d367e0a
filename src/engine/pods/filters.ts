/** The filters of `pod ps`. */
import { CONTAINER_STATUSES } from '../../container/api/container.js';
import { invalid } from '../../errors.js';
import { POD_STATUSES, type PodMember, type PodSummary } from '../../pod/api.js';
import { everyFilter, LABEL_FILTERS, NAME_FILTERS, untilLimit } from '../name-and-label-filters.js';
import type { PodFilters } from './types.js';

export type PodPredicate = (pod: PodSummary) => boolean;

interface FilterContext {
  readonly now: Date;
  /**
   * Returns the name of the network with this name or id prefix; the text itself if there is none. Throws AMBIGUOUS.
   */
  readonly networkName: (nameOrId: string) => string;
}

type FilterMaker = (values: readonly string[], context: FilterContext) => PodPredicate;

/** Docker's status, accepted although no pod is ever in it. */
const NO_STATUS = 'dead';

const MEMBER_STATUSES: readonly string[] = [...CONTAINER_STATUSES, 'unknown'];

const MAKERS: Readonly<Record<keyof PodFilters, FilterMaker>> = {
  ...NAME_FILTERS,
  ...LABEL_FILTERS,
  status: (values) => {
    const wanted = values.map((value): string => {
      if (value === NO_STATUS) return value;
      const known = POD_STATUSES.find((status) => status.toLowerCase() === value.toLowerCase());
      if (known === undefined) throw invalid(`${value} is not a valid pod status`);
      return known;
    });
    return ({ status }) => wanted.includes(status);
  },
  until: (values, { now }) => {
    const limit = untilLimit(values, now);
    return ({ createdAt }) => createdAt.getTime() < limit;
  },
  network: (values, { networkName }) => {
    const wanted = values.map(networkName);
    return ({ networks }) => wanted.some((value) => networks.includes(value));
  },
  'ctr-ids': (values) => byMember(NAME_FILTERS.id(values)),
  'ctr-names': (values) => byMember(NAME_FILTERS.name(values)),
  'ctr-number': (values) => {
    const wanted = values.map((value) => {
      if (!/^\d+$/.test(value)) throw invalid(`ctr-number: "${value}" is not a number`);
      return Number(value);
    });
    return ({ containers }) => wanted.includes(containers.length);
  },
  'ctr-status': (values) => {
    const wanted = values.map((value) => {
      if (!MEMBER_STATUSES.includes(value)) throw invalid(`${value} is not a valid status`);
      return exitedIfStopped(value);
    });
    return byMember(({ status }) => wanted.includes(exitedIfStopped(status)));
  },
};

function exitedIfStopped(status: string): string {
  return status === 'stopped' ? 'exited' : status;
}

function byMember(test: (member: PodMember) => boolean): PodPredicate {
  return ({ containers }) => containers.some(test);
}

/** Returns one test that combines all filters. Throws INVALID_ARGUMENT for an unknown filter or a bad value. */
export function podPredicate(filters: PodFilters, context: FilterContext): PodPredicate {
  return everyFilter(filters, {
    makers: MAKERS,
    make: (maker, values) => maker(values, context),
    unknown: (name) => `${name} is an invalid filter`,
  });
}
