/** Reads the event log: both of its files, sorted by time, each event once. */
import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';

import { parseRecord, type EventRecord } from './event.js';
import { olderFile, type EventPaths } from './event-log.js';

/** Returns the events recorded so far. An incomplete line is ignored. */
export function readEvents(paths: EventPaths): readonly EventRecord[] {
  const once = onceOnly();
  // The newer file is read first, so that nothing is missed: if it is renamed between the two reads, it is read again
  // as the older one.
  const newer = readLines(paths.file);
  const older = readLines(olderFile(paths));
  const lines = newer.inode === older.inode ? older.lines : [...older.lines, ...newer.lines];
  return inOrder(parseLines(lines).filter(once));
}

export function parseLines(lines: readonly string[]): readonly EventRecord[] {
  return lines.flatMap((line) => parseRecord(line) ?? []);
}

/**
 * Sorts by time: the end of a container is recorded later than it happened, by the process that finds it. Events of the
 * same time keep the order of the log.
 */
export function inOrder(events: readonly EventRecord[]): readonly EventRecord[] {
  return events.toSorted((a, b) => a.timeUs - b.timeUs);
}

/** Returns a predicate that is true for the first record of each event. Events without a key always count as new. */
function onceOnly(): (event: EventRecord) => boolean {
  const seen = new Set<string>();
  return (event) => {
    const mark = markOf(event);
    if (mark === undefined) return true;
    if (seen.has(mark)) return false;
    seen.add(mark);
    return true;
  };
}

/** Returns what all records of the same event have in common; undefined if the event is only recorded once. */
export function markOf({ id, status, key }: EventRecord): string | undefined {
  return key === undefined ? undefined : `${id} ${status} ${key}`;
}

/** Returns the complete lines of a file. */
function readLines(path: string): { readonly inode: number; readonly lines: readonly string[] } {
  let fd;
  try {
    fd = openSync(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { inode: 0, lines: [] };
    throw error;
  }
  try {
    return { inode: fstatSync(fd).ino, lines: readFileSync(fd, 'utf8').split('\n').slice(0, -1) };
  } finally {
    closeSync(fd);
  }
}
