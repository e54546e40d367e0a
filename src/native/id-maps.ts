/** Reading the maps of existing user namespaces. */
import { binding } from './binding.js';
import type { IdRange } from './namespace-create.js';
import { requireHandle } from './namespace-handle.js';
import type { NamespaceHandle } from './namespace-handle.js';
import { unwrap } from './native-error.js';

export interface IdMaps {
  readonly uidMap: readonly IdRange[];
  readonly gidMap: readonly IdRange[];
}

/**
 * Returns the maps of a user namespace: the ids of the outside are those in this process's own user namespace. A map
 * that has not been written yet is empty. NativeError EINVAL for the namespace that this process is in, EPERM without
 * rights in it; TypeError for a namespace of another kind.
 */
export async function readIdMaps(namespace: NamespaceHandle): Promise<IdMaps> {
  const [uids = '', gids = ''] = unwrap(await binding().readIdMaps(requireHandle(namespace, 'user').fd));
  return { uidMap: parseRanges(uids), gidMap: parseRanges(gids) };
}

function parseRanges(text: string): readonly IdRange[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [inside = 0, outside = 0, size = 0] = line.trim().split(/\s+/).map(Number);
      return { inside, outside, size };
    });
}
