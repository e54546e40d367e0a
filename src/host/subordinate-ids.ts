/**
 * The ids that the administrator lets users give to user namespaces (subuid(5)), and those of this process's own
 * namespace.
 */
import { readFileSync } from 'node:fs';

import type { IdRange } from '../util/id-ranges.js';

export type IdKind = 'uid' | 'gid';

/**
 * Returns the file that has the ranges. The variable is read in tests only, like the others of docs/architecture.md.
 */
export function subordinateFile(kind: IdKind): string {
  const directory = process.env['TSPOD_TEST'] === '1' ? process.env['TSPOD_SUBIDS'] : undefined;
  return `${directory ?? '/etc'}/sub${kind}`;
}

/** Returns a user's ranges; none if the file does not exist. */
export function subordinateIds(kind: IdKind, name: string): readonly IdRange[] {
  return parseSubordinateIds(readText(subordinateFile(kind)), name);
}

/** Parses lines NAME:FIRST:SIZE; malformed lines are ignored. */
export function parseSubordinateIds(text: string, name: string): readonly IdRange[] {
  return text.split('\n').flatMap((line) => {
    const match = /^([^:]+):(\d{1,10}):(\d{1,10})\s*$/.exec(line);
    if (match === null || match[1] !== name) return [];
    const first = Number(match[2]);
    // The last number is no id: (uid_t)-1 means "none".
    const size = Math.min(Number(match[3]), 0xffffffff - first);
    return size > 0 ? [{ first, size }] : [];
  });
}

/**
 * A line of /proc/PID/uid_map: ids from `inside` on in that namespace are ids from `outside` on for the process that
 * reads it.
 */
export interface MappedIds {
  readonly inside: number;
  readonly outside: number;
  readonly size: number;
}

export function parseIdMapLines(text: string): readonly MappedIds[] {
  return text.split('\n').flatMap((line) => {
    const match = /^\s*(\d+)\s+(\d+)\s+(\d+)\s*$/.exec(line);
    return match === null ? [] : [{ inside: Number(match[1]), outside: Number(match[2]), size: Number(match[3]) }];
  });
}

/** Returns the id map of a process in another user namespace, to ids in this process's own. */
export function idsOfProcess(pid: number, kind: IdKind): readonly MappedIds[] {
  return parseIdMapLines(readText(`/proc/${String(pid)}/${kind}_map`));
}

/** Returns the id map of this process's own user namespace. */
export function ownIds(kind: IdKind): readonly MappedIds[] {
  return parseIdMapLines(readText(`/proc/self/${kind}_map`));
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}
