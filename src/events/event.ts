/** An event of the engine, and its line in the event log. */

/** All event statuses, with Podman's names. */
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

/** `system`: an event of the store as a whole. */
export const EVENT_TYPES = ['container', 'image', 'network', 'pod', 'secret', 'system', 'volume'] as const;

export type EventType = (typeof EVENT_TYPES)[number];

/** One line of the event log. */
export interface EventRecord {
  /** Microseconds since 1970. */
  readonly timeUs: number;
  readonly type: EventType;
  readonly status: EventStatus;
  /** Id of the object; '' if the event concerns no single object. */
  readonly id: string;
  readonly name: string;
  readonly image: string;
  /** Labels, and details of the status: `containerExitCode`, `signal`, ... */
  readonly attributes: Readonly<Record<string, string>>;
  /**
   * Set if the event may be recorded again after a crash because its cause still exists: records with equal id, status
   * and key are one event.
   */
  readonly key?: string;
}

/** Beginning of each line. It cannot occur within a JSON string, where quotes are escaped. */
const BEGINNING = '{"time":';

/** Returns the record's line, including its newline. */
export function formatRecord({ timeUs, type, status, id, name, image, attributes, key }: EventRecord): string {
  const fields = { time: timeUs, type, status, id, name, image, attributes, ...(key === undefined ? {} : { key }) };
  return `${JSON.stringify(fields)}\n`;
}

/**
 * Parses a line; undefined if it is not a record. The record may follow a fragment of another one, whose writer was
 * killed or ran out of disk space.
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
