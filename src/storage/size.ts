/** How much files take on the disk. */
import { lstatSync } from 'node:fs';
import { join } from 'node:path';

import { namesIn } from '../host/readable.js';

/** Entries looked at before giving up: a listing must end. */
const MAX_ENTRIES = 5_000_000;

/**
 * Apparent size of all files below a directory, not of directories themselves; each inode counts once; links are not followed, other
 * file systems not entered.
 */
export function treeSize(root: string): number {
  const top = lstatSync(root, { throwIfNoEntry: false });
  if (top === undefined) return 0;
  const seen = new Set<number>();
  const pending = [root];
  let total = 0;
  let entries = 0;
  for (let directory = pending.pop(); directory !== undefined && entries < MAX_ENTRIES; directory = pending.pop()) {
    // A directory that vanishes, or that a hostile container made unreadable, counts nothing.
    for (const name of namesIn(directory)) {
      entries += 1;
      const path = join(directory, name);
      const stats = lstatSync(path, { throwIfNoEntry: false });
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
