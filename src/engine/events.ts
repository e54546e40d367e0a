/** `engine.events()`: reads past events and follows new ones. */
import { checkedCall, type ShapeOf } from '../spec/checks/shape.js';
import { setMaxListeners } from 'node:events';

import type { SignalOption } from '../container/api/container.js';
import type { EngineContext } from '../container/context.js';
import { leavable } from '../container/streams/leavable.js';
import { settleEnds, type EndWatch } from '../container/settle/follow-ends.js';
import { invalid, TspodError } from '../errors.js';
import { EVENT_STATUSES, EVENT_TYPES, type EventRecord, type EventStatus, type EventType } from '../events/event.js';
import { eventPaths } from '../events/event-log.js';
import { followEvents } from '../events/follow.js';
import { inOrder, readEvents } from '../events/read.js';
import { throwIfAborted, whenAborted } from '../native/abort.js';
import { everyFilter } from './name-and-label-filters.js';
import { MAX_TIMER_MS } from '../util/timer.js';

export type { EventStatus, EventType } from '../events/event.js';

export interface EngineEvent {
  readonly time: Date;
  /** Microseconds since 1970, exact; `time` is rounded down to milliseconds. */
  readonly timeUs: number;
  /** Kind of object that the event is about; `system` if it is about no single object. */
  readonly type: EventType;
  readonly status: EventStatus;
  /** Id of the object; '' if the event is not about a single one. */
  readonly id: string;
  readonly name: string;
  readonly image: string;
  /**
   * The container's labels, and details that depend on the status (docs/state.md): `containerExitCode`, `signal`,
   * `oldName` …
   */
  readonly attributes: Readonly<Record<string, string>>;
}

/**
 * Filters by name, as in `events --filter`: container (name or id prefix), event or status, id (prefix), image (that of
 * a container; or an image's own name or id prefix), label (`key` or `key=value`), name, pod (name or id prefix), type,
 * volume (name prefix). Values of one filter are alternatives; an event must match all filters.
 */
export type EventFilters = Readonly<
  Partial<
    Record<
      'container' | 'event' | 'status' | 'id' | 'image' | 'label' | 'name' | 'pod' | 'volume' | 'type',
      readonly string[]
    >
  >
>;

export interface EventsOptions extends SignalOption {
  /** Leaves out older events. @default all events; with `follow` but without `until`, only those after the call */
  readonly since?: Date;
  /** Leaves out newer events; ends a `follow` at this time. */
  readonly until?: Date;
  /**
   * Continues with new events as they happen. Without `until`, only the signal or leaving the loop ends it.
   * @default false
   */
  readonly follow?: boolean;
  /** Conditions for events. @default all events */
  readonly filters?: EventFilters;
}

const EVENTS: ShapeOf<EventsOptions> = {
  since: 'date',
  until: 'date',
  follow: 'boolean',
  filters: 'lists',
  signal: 'signal',
};

type Predicate = (event: EventRecord) => boolean;

/**
 * Reads events, and follows them from this call on. Throws at once INVALID_ARGUMENT for a bad filter, NOT_SUPPORTED if
 * no events are written, ENGINE_CLOSED; the iteration throws ABORTED.
 */
export function engineEvents(context: EngineContext, options: EventsOptions = {}): AsyncIterable<EngineEvent> {
  checkedCall('events', options, EVENTS);
  context.store.requireOpen();
  if (context.events === undefined) throw new TspodError('NOT_SUPPORTED', 'cannot read events with the "none" backend');
  const matches = filterOf(options.filters ?? {});
  const { since, until } = options;
  const isWanted: Predicate = (event) =>
    (since === undefined || timeOf(event) >= since.getTime()) &&
    (until === undefined || timeOf(event) <= until.getTime()) &&
    matches(event);
  return leavable(options.signal, (signal) => {
    const batches = options.follow === true ? follow(context, { since, until, signal }) : pastEvents(context);
    return chosenEvents(batches, isWanted, signal);
  });
}

type Batches = AsyncIterable<readonly EventRecord[]> | Iterable<readonly EventRecord[]>;

async function* chosenEvents(
  batches: Batches,
  isWanted: Predicate,
  signal: AbortSignal,
): AsyncGenerator<EngineEvent, void, undefined> {
  throwIfAborted('events', signal);
  for await (const batch of batches) {
    for (const event of batch) if (isWanted(event)) yield toEngineEvent(event);
  }
  throwIfAborted('events', signal);
}

function* pastEvents({ directories }: EngineContext): Generator<readonly EventRecord[], void, undefined> {
  yield readEvents(eventPaths(directories.runRoot));
}

/** Statuses of launches: the container or exec session will end, so it has to be watched. */
const LAUNCHES: ReadonlySet<EventStatus> = new Set(['init', 'start', 'exec']);

interface Period {
  readonly since: Date | undefined;
  readonly until: Date | undefined;
  readonly signal: AbortSignal;
}

/** Yields the past events of the period, ordered by time, then new events as they come. */
function follow(context: EngineContext, period: Period): AsyncGenerator<readonly EventRecord[], void, undefined> {
  const done = new AbortController();
  setMaxListeners(0, done.signal); // as many as containers and commands that are watched
  const batches = followEvents(eventPaths(context.directories.runRoot), done.signal);
  const forget = [period.signal, context.store.closing].map((each) =>
    whenAborted(each, () => {
      done.abort();
    }),
  );
  whenAborted(done.signal, () => {
    for (const each of forget) each();
  });
  return followUntil(context, batches, { ...period, done });
}

async function* followUntil(
  context: EngineContext,
  batches: AsyncIterable<readonly EventRecord[]>,
  { since, until, done }: Period & { readonly done: AbortController },
): AsyncGenerator<readonly EventRecord[], void, undefined> {
  const end = () => {
    done.abort();
  };
  // A timer, because perhaps no further event comes that would end the loop at `until`.
  const cancel = until === undefined ? () => undefined : atTime(until, end);
  done.signal.addEventListener('abort', cancel);
  let ends: EndWatch | undefined;
  let isHistory = true;
  try {
    for await (const batch of batches) {
      context.store.requireOpen();
      if (!isHistory) yield batch;
      else if (since !== undefined || until !== undefined) yield inOrder(batch);
      isHistory = false;
      // Only after the history: ends that nobody has recorded yet are recorded now, and come as new events.
      ends ??= settleEnds(context, done.signal);
      for (const { status, id } of batch) if (LAUNCHES.has(status)) ends.look(id);
    }
  } finally {
    end();
  }
}

function atTime(time: Date, action: () => void): () => void {
  let timer: NodeJS.Timeout | undefined;
  const wait = () => {
    const left = time.getTime() - Date.now();
    if (left <= 0) action();
    else timer = setTimeout(wait, Math.min(left, MAX_TIMER_MS));
  };
  wait();
  return () => {
    clearTimeout(timer);
  };
}

/** Returns the time of an event in milliseconds, as dates have it. */
function timeOf({ timeUs }: Pick<EventRecord, 'timeUs'>): number {
  return Math.floor(timeUs / 1000);
}

function toEngineEvent({ timeUs, type, status, id, name, image, attributes }: EventRecord): EngineEvent {
  return { time: new Date(timeOf({ timeUs })), timeUs, type, status, id, name, image, attributes };
}

type FilterMaker = (value: string) => Predicate;

const byStatus: FilterMaker = (value) => {
  // `die` is Docker's name for this status.
  const wanted = value === 'die' ? 'died' : value;
  if (!EVENT_STATUSES.some((status) => status === wanted)) throw invalid(`"${value}" is not a status of events`);
  return ({ status }) => status === wanted;
};

function isAbout({ id, name }: EventRecord, nameOrId: string): boolean {
  return id !== '' && (name === nameOrId || id.startsWith(nameOrId));
}

const FILTERS: Readonly<Record<keyof EventFilters, FilterMaker>> = {
  container: (value) => (event) => event.type === 'container' && isAbout(event, value),
  event: byStatus,
  status: byStatus,
  id: (value) => (event) => event.id !== '' && event.id.startsWith(value),
  image: (value) => (event) => (event.type === 'image' ? isAbout(event, value) : event.image === value),
  label: (value) => {
    const equals = value.indexOf('=');
    if (equals === -1) return ({ attributes }) => Object.hasOwn(attributes, value);
    const [key, wanted] = [value.slice(0, equals), value.slice(equals + 1)];
    return ({ attributes }) => Object.hasOwn(attributes, key) && attributes[key] === wanted;
  },
  name: (value) => (event) => event.name === value,
  pod: (value) => (event) => event.type === 'pod' && isAbout(event, value),
  volume: (value) => (event) => event.type === 'volume' && event.name.startsWith(value),
  type: (value) => {
    if (!EVENT_TYPES.some((type) => type === value)) throw invalid(`"${value}" is not a type of events`);
    return ({ type }) => type === value;
  },
};

function filterOf(filters: EventFilters): Predicate {
  return everyFilter(filters, {
    makers: FILTERS,
    make: (maker, values) => {
      const alternatives = values.map(maker);
      return (event: EventRecord) => alternatives.some((test) => test(event));
    },
    unknown: (name) => `${name} is an invalid filter`,
  });
}
