/** How much disk space files take. */
import { closeSync, lstatSync, openSync, type Stats } from 'node:fs';
import { join } from 'node:path';

import { namesIn } from '../host/readable.js';
import { O_DIRECTORY, O_NOFOLLOW, O_PATH } from '../util/file-bits.js';

/** Maximum number of entries examined, so that a listing always ends. */
const MAX_ENTRIES = 5_000_000;

/**
 * Characters of a path from which its directory is opened and replaced by a short path to the descriptor. Path and name
 * together must fit in PATH_MAX; a character may take three bytes.
 */
const LONG_PATH = 1000;

/**
 * Returns the total apparent size of all files below a directory, without directories. Each inode counts once; links
 * are not followed, and other filesystems not entered.
 */
export function treeSize(root: string): number {
  const top = lstatSync(root, { throwIfNoEntry: false });
  if (top === undefined) return 0;
  const seen = new Set<number>();
  /** Directories to visit, and descriptors to close once everything found through them has been visited. */
  const pending: (string | number)[] = [root];
  let total = 0;
  let entries = 0;
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (typeof next === 'number') closeSync(next);
    if (typeof next === 'number' || entries >= MAX_ENTRIES) continue;
    const directory = shortened(next, pending);
    // A directory that vanishes, or that a hostile container made unreadable, counts as empty.
    for (const name of namesIn(directory)) {
      entries += 1;
      const path = join(directory, name);
      const stats = statsOf(path);
      if (stats === undefined || stats.dev !== top.dev) continue;
      if (stats.isDirectory()) {
        pending.push(path);
        continue;
      }
      if (stats.nlink > 1) {
        if (seen.has(stats.ino)) continue;
        seen.add(stats.ino);
      }
      total += stats.size;
    }
  }
  return total;
}

/** Returns a path to the directory that is short enough for names to be appended. */
function shortened(directory: string, opened: (string | number)[]): string {
  if (directory.length <= LONG_PATH) return directory;
  try {
    const fd = openSync(directory, O_PATH | O_DIRECTORY | O_NOFOLLOW);
    opened.push(fd);
    return `/proc/self/fd/${fd}`;
  } catch {
    return directory;
  }
}

function statsOf(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}
