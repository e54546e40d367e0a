/** The end of blobs and layers that nobody needs: taken from their names in the transaction that sees so, then removed. */
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
 * Removes those of the suspects that nobody needs. Who wants one takes a lease first, and looks whether it is there then: either the lease is
 * seen here, or it is seen there that it is gone. What a lease alone keeps stays a suspect. Cut off anywhere, the next collection goes on.
 * Answers what was removed.
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

/** All blobs and layers that are there, used or not. */
export function stored(paths: ImagePaths): readonly LeaseItem[] {
  const blobs = ['sha256', 'sha512'].flatMap((algorithm) =>
    namesIn(join(paths.blobs, algorithm)).map((hex) => ({ kind: 'blob' as const, key: `${algorithm}:${hex}` })),
  );
  const layers = namesIn(paths.layers).map((hex) => ({ kind: 'layer' as const, key: `sha256:${hex}` }));
  return [...blobs, ...layers].filter(({ key }) => isDigest(key));
}

/** What lies there under a name that no digest is: leftovers, if nobody is at work. */
export function strays(paths: ImagePaths): readonly string[] {
  return [join(paths.blobs, 'sha256'), join(paths.blobs, 'sha512'), paths.partial, paths.layers].flatMap((directory) =>
    namesIn(directory)
      .filter((name) => directory === paths.partial || /\.(new|gone)$/.test(name))
      .map((name) => join(directory, name)),
  );
}

function namesIn(directory: string): readonly string[] {
  return existsSync(directory) ? readdirSync(directory) : [];
}
