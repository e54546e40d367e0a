/** Leftovers of failed or interrupted pulls, which a later pull could resume. */
import { statSync } from 'node:fs';

import type { EngineContext } from '../../container/context.js';
import { blobSize, partialPath } from '../../storage/images/blobs.js';
import { collect } from '../../storage/images/garbage.js';
import { readLayer } from '../../storage/images/layers.js';
import { abandonedItems, settleLeases } from '../../storage/images/lease.js';

/** Returns the bytes of the leftovers, except parts that an image has or a process is working on. */
export function leftoverBytes({ store, paths: { images: paths } }: EngineContext): number {
  return abandonedItems(store, paths)
    .filter((item) => !store.images.isOfImage(item))
    .map(({ kind, key }) => {
      if (kind === 'layer') return readLayer(paths, key)?.size ?? 0;
      return blobSize(paths, key) ?? statSync(partialPath(paths, key), { throwIfNoEntry: false })?.size ?? 0;
    })
    .reduce((sum, bytes) => sum + bytes, 0);
}

/** Removes the leftovers and returns their bytes. */
export async function removeLeftovers(context: EngineContext): Promise<number> {
  const { store, paths } = context;
  const bytes = leftoverBytes(context);
  await settleLeases(store, paths.images, { all: true });
  await collect(store, paths.images);
  return bytes;
}
