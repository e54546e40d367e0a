/** How much disk space files take. */
import { fstatSync, lstatSync, readdirSync, type Stats } from 'node:fs';

import { openBeneath, openDirectory, type OwnedFd } from '../native/directory-entries.js';
import { binaryBytes, type BinaryText } from '../util/binary-text.js';
import { O_DIRECTORY, O_PATH } from '../util/file-bits.js';

/** Maximum number of entries examined, so that a listing always ends. */
const MAX_ENTRIES = 5_000_000;

/** Length of a path from which its directory is kept open, and paths begin in it. Path and name must fit in PATH_MAX. */
const LONG_PATH = 1000;

/** Place of a directory, as a path from an open one. */
interface Directory {
  readonly base: number;
  readonly path: BinaryText;
}

/**
 * Returns the total apparent size of all files below a directory, without directories. Each inode counts once; other
 * filesystems are not entered. A container may be changing the tree: no link is followed, in any part of a path.
 */
export function treeSize(root: string): number {
  let total = 0;
  let entries = 0;
  const seen = new Set<number>();
  using top = opened(() => openDirectory(root));
  if (top === undefined) return 0;
  const { dev } = fstatSync(top.fd);
  /** Directories to visit, and open ones to close once everything found through them has been visited. */
  const pending: (Directory | OwnedFd)[] = [{ base: top.fd, path: '' }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if ('close' in next) next.close();
    if ('close' in next || entries >= MAX_ENTRIES) continue;
    const { base, path } = next;
    // A directory that vanishes, or that a hostile container made unreadable, counts as empty.
    const directory = opened(() => openBeneath(base, path, O_PATH | O_DIRECTORY, { links: false }));
    if (directory === undefined) continue;
    const isLong = path.length > LONG_PATH;
    if (isLong) pending.push(directory);
    for (const name of namesIn(directory.fd)) {
      entries += 1;
      const stats = statsOf(directory.fd, name);
      if (stats === undefined || stats.dev !== dev) continue;
      if (stats.isDirectory()) {
        pending.push(
          isLong ? { base: directory.fd, path: name } : { base, path: path === '' ? name : `${path}/${name}` },
        );
        continue;
      }
      if (stats.nlink > 1) {
        if (seen.has(stats.ino)) continue;
        seen.add(stats.ino);
      }
      total += stats.size;
    }
    if (!isLong) directory.close();
  }
  return total;
}

function opened(open: () => OwnedFd): OwnedFd | undefined {
  try {
    return open();
  } catch {
    return undefined;
  }
}

function namesIn(directory: number): readonly BinaryText[] {
  try {
    return readdirSync(`/proc/self/fd/${directory}`, 'latin1');
  } catch {
    return [];
  }
}

/** Returns the stats of an entry itself: only procfs's link to the directory is followed. */
function statsOf(directory: number, name: BinaryText): Stats | undefined {
  try {
    return lstatSync(binaryBytes(`/proc/self/fd/${directory}/${name}`), { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}
