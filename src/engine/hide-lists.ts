/**
 * Caches what `host:` roots hide and show: decided once for each kind of root, and again when the host's mounts have
 * changed.
 */
import { readFileSync } from 'node:fs';

import type { HostRootConfig } from '../container/context.js';
import type { Directories } from '../host/directories.js';
import { isCurrent, readHideList, type HideList } from '../host/hide-list.js';
import { parseMountInfo, type HostMount } from '../host/mountinfo.js';

/** Maximum number of kinds of roots in the cache. */
const MAX_KNOWN = 64;

export function hideListReader(directories: Directories): (host: HostRootConfig) => HideList {
  const own = [directories.root, directories.runRoot];
  const known = new Map<string, HideList>();
  let read = '';
  let mounts: readonly HostMount[] = [];
  return ({ all, hide, show }) => {
    const mountInfo = readFileSync('/proc/self/mountinfo', 'utf8');
    if (mountInfo !== read) {
      mounts = parseMountInfo(mountInfo);
      read = mountInfo;
      known.clear();
    }
    const key = JSON.stringify([all, hide, show]);
    const found = known.get(key);
    if (found !== undefined && isCurrent(found)) return found;
    const list = readHideList({ all, hide, show, own }, mounts);
    if (known.size >= MAX_KNOWN) known.clear();
    known.set(key, list);
    return list;
  };
}
