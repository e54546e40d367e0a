/** What happened to a container, and its line in the file of events. */

/** Every word that an event's status can be, as Podman has them. */
export const EVENT_STATUSES = [
  'attach',
  'checkpoint',
  'cleanup',
  'commit',
  'connect',
  'copy',
  'create',
  'died',
  'disconnect',
  'exec',
  'exec_died',
  'export',
  'health_status',
  'import',
  'init',
  'kill',
  'loadfromarchive',
  'log-rotation',
  'mount',
  'pause',
  'prune',
  'pull',
  'push',
  'refresh',
  'remove',
  'rename',
  'restart',
  'restore',
  'save',
  'start',
  'stop',
  'sync',
  'tag',
  'unmount',
  'unpause',
  'untag',
  'update',
] as const;

export type EventStatus = (typeof EVENT_STATUSES)[number];

/** `system`: of the store as a whole. */
export const EVENT_TYPES = ['container', 'image', 'network', 'pod', 'secret', 'system', 'volume'] as const;

export type EventType = (typeof EVENT_TYPES)[number];

/** One line of the file. */
export interface EventRecord {
  /** Microseconds since 1970. */
  readonly timeUs: number;
  readonly type: EventType;
  readonly status: EventStatus;
  /** '' when it is not about one object. */
  readonly id: string;
  readonly name: string;
  readonly image: string;
  /** Labels, and what the status has to tell: `containerExitCode`, `signal`, ... */
  readonly attributes: Readonly<Record<string, string>>;
  /**
   * Of an event that may be written again after a crash, since its cause is still there: two of the same id, status and key are one.
   */
  readonly key?: string;
}

/** Each line begins so, and nothing in a JSON string can look like it: quotes are escaped there. */
const BEGINNING = '{"time":';

/** With its line end. */
export function formatRecord({ timeUs, type, status, id, name, image, attributes, key }: EventRecord): string {
  const fields = { time: timeUs, type, status, id, name, image, attributes, ...(key === undefined ? {} : { key }) };
  return `${JSON.stringify(fields)}\n`;
}

/**
 * Undefined for a line that is none of ours. Before the record there may be the beginning of another, whose writer was killed or ran out
 * of space.
 */
export function parseRecord(line: string): EventRecord | undefined {
  const start = line.lastIndexOf(BEGINNING);
  if (start === -1) return undefined;
  let fields: unknown;
  try {
    fields = JSON.parse(start === 0 ? line : line.slice(start));
  } catch {
    return undefined;
  }
  return isFields(fields) ? toRecord(fields) : undefined;
}

interface Fields extends Omit<EventRecord, 'timeUs'> {
  readonly time: number;
}

const TEXTS = ['type', 'status', 'id', 'name', 'image'] as const;

function isFields(value: unknown): value is Fields {
  if (typeof value !== 'object' || value === null) return false;
  const fields = value as Partial<Record<keyof Fields, unknown>>;
  return (
    typeof fields.time === 'number' &&
    TEXTS.every((name) => typeof fields[name] === 'string') &&
    typeof fields.attributes === 'object' &&
    fields.attributes !== null
  );
}

function toRecord({ time, ...fields }: Fields): EventRecord {
  return { timeUs: time, ...fields };
}
