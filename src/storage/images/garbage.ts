/**
 * Removes unused blobs and layers: the transaction that finds one unused also renames it; then its files are removed.
 */
import { existsSync, readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';

import { removeTree } from '../../native/tree.js';
import { isDigest } from '../../oci/digest.js';
import type { LeaseItem } from '../../state/image-leases.js';
import type { Store } from '../../state/store.js';
import type { ImagePaths } from '../paths.js';
import { blobPath } from './blobs.js';
import { layerDirectory } from './layers.js';

/**
 * Removes the suspects that nothing needs, and returns them. Whoever wants a blob or layer first adds it to a lease and
 * then checks that it exists: so either this function sees the lease, or the other side sees that the content is gone.
 * Content that only a lease keeps remains suspect. After an interruption at any point the next collection continues.
 */
export async function collect(store: Store, paths: ImagePaths): Promise<readonly LeaseItem[]> {
  const removed: LeaseItem[] = [];
  const suspects = store.imageLeases.suspects();
  if (suspects.length > 0) store.flush();
  for (const suspect of suspects) {
    const path = suspect.kind === 'layer' ? layerDirectory(paths, suspect.key) : blobPath(paths, suspect.key);
    const aside = `${path}.gone`;
    await removeTree(aside);
    if (!store.transaction(() => putAside(store, suspect, { path, aside }))) continue;
    removed.push(suspect);
    await removeTree(aside);
    store.imageLeases.clearSuspect(suspect);
  }
  return removed;
}

function putAside(store: Store, suspect: LeaseItem, place: { readonly path: string; readonly aside: string }): boolean {
  if (store.imageLeases.isLeased(suspect)) return false;
  const { kind, key } = suspect;
  const isUsed = kind === 'layer' ? store.images.isLayerUsed(key) : store.images.isBlobUsed(key);
  if (isUsed || !existsSync(place.path)) {
    store.imageLeases.clearSuspect(suspect);
    return false;
  }
  renameSync(place.path, place.aside);
  return true;
}

/** Returns all blobs and layers on the disk, used or not. */
export function stored(paths: ImagePaths): readonly LeaseItem[] {
  const blobs = ['sha256', 'sha512'].flatMap((algorithm) =>
    namesIn(join(paths.blobs, algorithm)).map((hex) => ({ kind: 'blob' as const, key: `${algorithm}:${hex}` })),
  );
  const layers = namesIn(paths.layers).map((hex) => ({ kind: 'layer' as const, key: `sha256:${hex}` }));
  return [...blobs, ...layers].filter(({ key }) => isDigest(key));
}

/** Returns the files whose names are not digests: leftovers, unless something is being received or unpacked. */
export function strayFiles(paths: ImagePaths): readonly string[] {
  return [join(paths.blobs, 'sha256'), join(paths.blobs, 'sha512'), paths.partial, paths.layers].flatMap((directory) =>
    namesIn(directory)
      .filter((name) => directory === paths.partial || /\.(new|gone)$/.test(name))
      .map((name) => join(directory, name)),
  );
}

function namesIn(directory: string): readonly string[] {
  return existsSync(directory) ? readdirSync(directory) : [];
}
