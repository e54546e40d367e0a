/** The filters of `ps` and of everything else that chooses containers by conditions. */
import { CONTAINER_STATUSES } from '../container/api.js';
import { TspodError } from '../errors.js';
import { parseMoment } from '../util/moment.js';
import type { ContainerFilters, ContainerSummary } from './types.js';

export type Predicate = (container: ContainerSummary) => boolean;

/** What some filters compare with. */
export interface FilterContext {
  readonly now: Date;
  /** When a container was created; throws NO_SUCH_CONTAINER. */
  readonly createdAt: (nameOrId: string) => Date;
}

type FilterMaker = (values: readonly string[], context: FilterContext) => Predicate;

const STATUSES: ReadonlySet<string> = new Set([...CONTAINER_STATUSES, 'configured', 'unknown']);

const HEALTHS: readonly string[] = ['starting', 'healthy', 'unhealthy', 'none'];

const MAKERS: Readonly<Record<string, FilterMaker>> = {
  id: (values) => {
    const tests = values.map((value) =>
      /^[0-9a-f]+$/.test(value) ? (id: string) => id.startsWith(value) : matcher('id', value),
    );
    return ({ id }) => tests.some((test) => test(id));
  },
  name: (values) => {
    const tests = values.map((value) => matcher('name', value));
    return ({ name }) => tests.some((test) => test(name));
  },
  label: (values) => {
    const tests = values.map(labelTest);
    return ({ labels }) => tests.every((test) => test(labels));
  },
  'label!': (values) => {
    const tests = values.map(labelTest);
    return ({ labels }) => !tests.some((test) => test(labels));
  },
  exited: (values) => {
    const codes = values.map((value) => {
      if (!/^-?\d+$/.test(value)) throw invalid(`exited: "${value}" is no exit code`);
      return Number(value);
    });
    return ({ status, exitCode }) => (status === 'exited' || status === 'stopped') && codes.includes(exitCode);
  },
  status: (values) => {
    const wanted = values.map((value) => {
      if (!STATUSES.has(value)) throw invalid(`${value} is not a valid status`);
      return value === 'configured' ? 'created' : value;
    });
    return ({ status }) => wanted.includes(status);
  },
  health: (values) => {
    const bad = values.find((value) => !HEALTHS.includes(value));
    if (bad !== undefined) throw invalid(`health: "${bad}" is none of ${HEALTHS.join(', ')}`);
    return ({ health }) => values.includes(health ?? 'none');
  },
  ancestor:
    (values) =>
    ({ image, rootfs }) =>
      values.some((value) => value !== '' && (value === image || value === rootfs)),
  before: (values, context) => {
    const limit = Math.min(...values.map((value) => context.createdAt(value).getTime()));
    return ({ createdAt }) => createdAt.getTime() < limit;
  },
  since: (values, context) => {
    const limit = Math.max(...values.map((value) => context.createdAt(value).getTime()));
    return ({ createdAt }) => createdAt.getTime() > limit;
  },
  until: (values, context) => {
    if (values.length > 1) throw invalid('until: give one time only');
    const [text = ''] = values;
    const limit = parseMoment(text, context.now);
    if (limit === undefined) throw invalid(`until: "${text}" is no time`);
    return ({ createdAt }) => createdAt.getTime() < limit.getTime();
  },
  network:
    (values) =>
    ({ networks }) =>
      values.some((value) => networks.includes(value)),
  volume:
    (values) =>
    ({ mounts }) =>
      values.some((value) => mounts.includes(value)),
  'restart-policy':
    (values) =>
    ({ restartPolicy }) =>
      values.some((value) => (value === 'none' ? 'no' : value) === restartPolicy),
  command:
    (values) =>
    ({ command }) =>
      values.some((value) => command[0] === value),
  'should-start-on-boot': (values) => {
    const wanted = values.map((value) => {
      if (value !== 'true' && value !== 'false')
        throw invalid(`should-start-on-boot: "${value}" is neither true nor false`);
      return value === 'true';
    });
    return (container) => wanted.includes(shouldStartOnBoot(container));
  },
};

/** One test for all filters. Throws INVALID_ARGUMENT for a filter or a value that there is not. */
export function filterPredicate(filters: ContainerFilters, context: FilterContext): Predicate {
  const tests = Object.entries(filters)
    .filter(([, values]) => values.length > 0)
    .map(([name, values]) => {
      const maker = Object.hasOwn(MAKERS, name) ? MAKERS[name] : undefined;
      if (maker === undefined) throw invalid(`${name} is an invalid filter`);
      return maker(values, context);
    });
  return (container) => tests.every((test) => test(container));
}

function shouldStartOnBoot({ restartPolicy, stoppedByUser, startedAt }: ContainerSummary): boolean {
  if (startedAt === null) return false;
  return restartPolicy === 'always' || (restartPolicy === 'unless-stopped' && !stoppedByUser);
}

/** A regular expression that may match anywhere, as Podman's do. */
export function matcher(filter: string, text: string): (value: string) => boolean {
  let expression: RegExp;
  try {
    expression = new RegExp(text);
  } catch {
    throw invalid(`${filter}: "${text}" is no regular expression`);
  }
  return (value) => expression.test(value);
}

/** `key` or `key=value`, where `*` at the end of the key or value stands for anything. */
export function labelTest(wanted: string): (labels: Readonly<Record<string, string>>) => boolean {
  const equals = wanted.indexOf('=');
  const key = equals === -1 ? wanted : wanted.slice(0, equals);
  const value = equals === -1 ? undefined : wanted.slice(equals + 1);
  return (labels) =>
    Object.entries(labels).some(
      ([name, held]) => globMatches(key, name) && (value === undefined || globMatches(value, held)),
    );
}

function globMatches(pattern: string, text: string): boolean {
  return pattern.endsWith('*') ? text.startsWith(pattern.slice(0, -1)) : text === pattern;
}

function invalid(message: string): TspodError {
  return new TspodError('INVALID_ARGUMENT', message);
}
