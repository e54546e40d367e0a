/** How much disk space files take. */
import { openDirectory, type OwnedFd } from '../native/directory-entries.js';
import { treeEntries } from './tree-entries.js';

/** Maximum number of entries examined, so that a listing always ends. */
const MAX_ENTRIES = 5_000_000;

/**
 * Returns the total apparent size of all files below a directory, without directories. Each inode counts once; other
 * file systems are not entered. A container may be changing the tree: no link is followed, in any part of a path.
 */
export function treeSize(root: string): number {
  let total = 0;
  let entries = 0;
  const seen = new Set<number>();
  using top = opened(root);
  if (top === undefined) return 0;
  for (const { stats } of treeEntries(top.fd)) {
    entries += 1;
    if (entries > MAX_ENTRIES) break;
    if (stats.isDirectory()) continue;
    if (stats.nlink > 1) {
      if (seen.has(stats.ino)) continue;
      seen.add(stats.ino);
    }
    total += stats.size;
  }
  return total;
}

/** Opens a directory; undefined if it does not exist, or cannot be opened. */
function opened(root: string): OwnedFd | undefined {
  try {
    return openDirectory(root);
  } catch {
    return undefined;
  }
}
