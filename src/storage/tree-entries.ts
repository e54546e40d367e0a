/** Walks a tree that a container may be changing meanwhile. */
import { fstatSync, lstatSync, readdirSync, type Stats } from 'node:fs';

import { openBeneath, type OwnedFd } from '../native/directory-entries.js';
import { binaryBytes, type BinaryText } from '../util/binary-text.js';
import { O_DIRECTORY, O_PATH } from '../util/file-bits.js';

/** Length of a path from which its directory is kept open, and paths begin in it. Path and name must fit in PATH_MAX. */
const LONG_PATH = 1000;

/** Place of a directory, as a path from an open one. */
interface Directory {
  readonly base: number;
  readonly path: BinaryText;
}

export interface TreeEntry {
  /** Descriptor (O_PATH) of the directory that the entry is in; closed when the next entry is asked for. */
  readonly directory: number;
  readonly name: BinaryText;
  readonly stats: Stats;
}

/**
 * Yields everything below a directory, each directory before what is in it. Other file systems are not entered, and no
 * link is followed, in any part of a path. A directory that vanishes, or that cannot be read, counts as empty.
 */
export function* treeEntries(top: number): Generator<TreeEntry, void, undefined> {
  const { dev } = fstatSync(top);
  /** Directories to visit, and open ones to close once everything found through them has been visited. */
  const pending: (Directory | OwnedFd)[] = [{ base: top, path: '' }];
  try {
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      if ('close' in next) next.close();
      else yield* visit(next, dev, pending);
    }
  } finally {
    for (const left of pending) if ('close' in left) left.close();
  }
}

/** Yields what is in a directory, and adds the directories among it to those that are pending. */
function* visit(
  { base, path }: Directory,
  dev: number,
  pending: (Directory | OwnedFd)[],
): Generator<TreeEntry, void, undefined> {
  const directory = opened(base, path);
  if (directory === undefined) return;
  const isLong = path.length > LONG_PATH;
  if (isLong) pending.push(directory);
  try {
    for (const name of namesIn(directory.fd)) {
      const stats = statsOf(directory.fd, name);
      if (stats === undefined || stats.dev !== dev) continue;
      yield { directory: directory.fd, name, stats };
      if (!stats.isDirectory()) continue;
      const inside = path === '' ? name : `${path}/${name}`;
      pending.push(isLong ? { base: directory.fd, path: name } : { base, path: inside });
    }
  } finally {
    if (!isLong) directory.close();
  }
}

function opened(base: number, path: BinaryText): OwnedFd | undefined {
  try {
    return openBeneath(base, path, O_PATH | O_DIRECTORY, { links: false });
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
