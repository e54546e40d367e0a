/** Filters of `ps` and of everything else that selects containers by conditions. */
import { CONTAINER_STATUSES } from '../../container/api/container.js';
import { invalid } from '../../errors.js';
import { parseGoBoolean } from '../../util/go-boolean.js';
import { anyPattern, everyFilter, LABEL_FILTERS, NAME_FILTERS, untilLimit } from '../name-and-label-filters.js';
import type { ContainerFilters, ContainerSummary } from '../types.js';

export type Predicate = (container: ContainerSummary) => boolean;

/** What some filters look up to compare with. */
export interface FilterContext {
  readonly now: Date;
  /** Returns the id of the image with this name, digest or id prefix; undefined if there is none. Throws AMBIGUOUS. */
  readonly imageId: (nameOrId: string) => string | undefined;
  /** Returns when a container was created. Throws NO_SUCH_CONTAINER. */
  readonly createdAt: (nameOrId: string) => Date;
  /** Returns the full id of a container; undefined if there is none. Throws AMBIGUOUS. */
  readonly containerId: (nameOrId: string) => string | undefined;
  /**
   * Returns the name of the network with this name or id prefix; the text itself if there is none. Throws AMBIGUOUS.
   */
  readonly networkName: (nameOrId: string) => string;
}

type FilterMaker = (values: readonly string[], context: FilterContext) => Predicate;

const STATUSES: ReadonlySet<string> = new Set([...CONTAINER_STATUSES, 'configured', 'unknown']);

/** Maps each status that has a synonym to the one that comparisons use. */
const SAME_STATUS: Readonly<Record<string, string>> = { configured: 'created', stopped: 'exited' };

/** Restart policies that the filter accepts; `none` is a synonym of `no`. */
const RESTART_POLICIES: readonly string[] = ['none', 'no', 'on-failure', 'always', 'unless-stopped'];

const HEALTHS: readonly string[] = ['starting', 'healthy', 'unhealthy', 'none'];

const MAKERS: Readonly<Record<keyof ContainerFilters, FilterMaker>> = {
  ...NAME_FILTERS,
  // In Docker, names begin with a slash.
  name: (values) => NAME_FILTERS.name(values.map((value) => value.replaceAll('/', ''))),
  ...LABEL_FILTERS,
  exited: (values) => {
    const codes = values.map((value) => {
      if (!/^-?\d+$/.test(value)) throw invalid(`exited: "${value}" is not a valid exit code`);
      return Number(value);
    });
    return ({ status, exitCode }) => (status === 'exited' || status === 'stopped') && codes.includes(exitCode);
  },
  status: (values) => {
    const wanted = values.map((value) => {
      if (!STATUSES.has(value)) throw invalid(`${value} is not a valid status`);
      return SAME_STATUS[value] ?? value;
    });
    return ({ status }) => wanted.includes(SAME_STATUS[status] ?? status);
  },
  health: (values) => {
    const bad = values.find((value) => !HEALTHS.includes(value));
    if (bad !== undefined) throw invalid(`health must be one of ${HEALTHS.join(', ')}, not "${bad}"`);
    return ({ health }) => values.includes(health ?? 'none');
  },
  ancestor: (values, context) => {
    // A container still matches the name it was created with, also after another image has taken that name.
    const wanted = values.filter((value) => value !== '');
    const ids = new Set(wanted.map((value) => context.imageId(value)));
    const isNamed = (image: string, value: string) => image === value || image === `${value}:latest`;
    return ({ image, imageId, rootfs }) =>
      (imageId !== '' && ids.has(imageId)) || wanted.some((value) => isNamed(image, value) || value === rootfs);
  },
  before: (values, context) => {
    const limit = Math.min(...values.map((value) => context.createdAt(value).getTime()));
    return ({ createdAt }) => createdAt.getTime() < limit;
  },
  since: (values, context) => {
    const limit = Math.min(...values.map((value) => context.createdAt(value).getTime()));
    return ({ createdAt }) => createdAt.getTime() > limit;
  },
  until: (values, { now }) => {
    const limit = untilLimit(values, now);
    return ({ createdAt }) => createdAt.getTime() < limit;
  },
  pod:
    (values) =>
    ({ pod, podName }) =>
      pod !== '' && values.some((value) => value === podName || (/^[0-9a-f]+$/.test(value) && pod.startsWith(value))),
  network: (values, context) => {
    const wanted = values.map((value) => networkOrMode(value, context));
    return ({ networks }) => wanted.some((value) => networks.includes(value));
  },
  volume:
    (values) =>
    ({ mounts, mountSources }) =>
      values.some((value) =>
        mounts.some((target, index) => {
          const source = mountSources[index] ?? '';
          return value === target || value === source || value === `${source}:${target}`;
        }),
      ),
  'restart-policy': (values) => {
    const bad = values.filter((value) => !RESTART_POLICIES.includes(value));
    if (bad.length > 0) throw invalid(`${bad.join(', ')} invalid restart ${bad.length > 1 ? 'policies' : 'policy'}`);
    return ({ restartPolicy }) => values.some((value) => (value === 'none' ? 'no' : value) === restartPolicy);
  },
  command: (values) => {
    const matches = anyPattern('command', values);
    return ({ command: [program = ''] }) => matches(program);
  },
  'should-start-on-boot': (values) => {
    const wanted = values.map((value) => {
      const truth = parseGoBoolean(value);
      if (truth === undefined) throw invalid(`should-start-on-boot must be true or false, not "${value}"`);
      return truth;
    });
    return (container) => wanted.includes(shouldStartOnBoot(container));
  },
};

/** Returns one test that combines all filters. Throws INVALID_ARGUMENT for an unknown filter or a bad value. */
export function filterPredicate(filters: ContainerFilters, context: FilterContext): Predicate {
  return everyFilter(filters, {
    makers: MAKERS,
    make: (maker, values) => maker(values, context),
    unknown: (name) => `${name} is an invalid filter`,
  });
}

const OF_CONTAINER = 'container:';

/**
 * Returns a network or network mode as summaries write it; a container in the mode `container:` is resolved to its full
 * id.
 */
function networkOrMode(value: string, { containerId, networkName }: FilterContext): string {
  if (!value.startsWith(OF_CONTAINER)) return networkName(value);
  return `${OF_CONTAINER}${containerId(value.slice(OF_CONTAINER.length)) ?? ''}`;
}

function shouldStartOnBoot({ restartPolicy, stoppedByUser, startedAt }: ContainerSummary): boolean {
  if (startedAt === null) return false;
  return restartPolicy === 'always' || (restartPolicy === 'unless-stopped' && !stoppedByUser);
}
