/** What `host:` roots hide and show: decided once for each kind of root, and again when the host has changed. */
import type { HostRootConfig } from '../container/context.js';
import type { Directories } from '../host/directories.js';
import type { HostFacts } from '../host/facts.js';
import { isCurrent, readHideList, type HideList } from '../host/hide-list.js';

/** Kinds of roots that are remembered. */
const MAX_KNOWN = 64;

export function hideListReader(directories: Directories, facts: () => HostFacts): (host: HostRootConfig) => HideList {
  const own = [directories.root, directories.runRoot];
  const known = new Map<string, HideList>();
  return ({ all, hide, show }) => {
    const key = JSON.stringify([all, hide, show]);
    const found = known.get(key);
    if (found !== undefined && isCurrent(found)) return found;
    const list = readHideList({ all, hide, show, own }, facts().mounts);
    if (known.size >= MAX_KNOWN) known.clear();
    known.set(key, list);
    return list;
  };
}
