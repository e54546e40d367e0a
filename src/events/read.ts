/** Reads the file of events: both of its files, in the order of time, each event once. */
import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';

import { parseRecord, type EventRecord } from './event.js';
import { olderFile, type EventPaths } from './event-log.js';

/** What has been written so far. A line that is being written, or was cut off, is left out. */
export function readEvents(paths: EventPaths): readonly EventRecord[] {
  const once = onceOnly();
  // The newer first, so that nothing is missed: if it is renamed between the two looks, it is the older one that counts.
  const newer = readLines(paths.file);
  const older = readLines(olderFile(paths));
  const lines = newer.inode === older.inode ? older.lines : [...older.lines, ...newer.lines];
  return inOrder(parseLines(lines).filter(once));
}

export function parseLines(lines: readonly string[]): readonly EventRecord[] {
  return lines.flatMap((line) => parseRecord(line) ?? []);
}

/** An end is recorded later than it was, by whoever finds it. Those of one time stay in the order of the file. */
export function inOrder(events: readonly EventRecord[]): readonly EventRecord[] {
  return events.toSorted((a, b) => a.timeUs - b.timeUs);
}

/** Whether an event is told for the first time. Those without a key always are. */
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

/** What it has in common with records of the same event. Undefined: there is but one. */
export function markOf({ id, status, key }: EventRecord): string | undefined {
  return key === undefined ? undefined : `${id} ${status} ${key}`;
}

/** Whole ones. */
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
