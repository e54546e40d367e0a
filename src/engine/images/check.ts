/** Checks that the store has exactly the image files that its records need. */
import { statSync } from 'node:fs';
import { basename } from 'node:path';

import type { EngineContext } from '../../container/context.js';
import { removeTree } from '../../native/tree.js';
import { blobSize } from '../../storage/images/blobs.js';
import { collect, strayFiles } from '../../storage/images/garbage.js';
import { hasLayer } from '../../storage/images/layers.js';
import { adoptImages } from './adopt.js';
import { unusedItems } from './settle.js';
import { settleLeases } from '../../storage/images/lease.js';
import type { StoreCheck } from './types.js';

export async function checkImages(
  context: EngineContext,
  { repair = false }: { readonly repair?: boolean } = {},
): Promise<StoreCheck> {
  const { store, paths } = context;
  if (repair) await settleLeases(store, paths.images, { all: true });
  const adopted = repair ? await adoptImages(context) : [];
  const damaged = damagedImages(context);
  const unused = unusedItems(context);
  const left = leftovers(context);
  const problems = [
    ...adopted.map((id) => `image ${id} had no record: it has been restored, without a name`),
    ...damaged.map(({ id, what }) => `image ${id}: ${what} is missing`),
    ...unused.map(({ kind, key }) => `${kind} ${key} belongs to no image`),
    ...left.map((path) => `${basename(path)} was left by an interrupted command`),
  ];
  if (!repair || problems.length === 0) return { problems, repaired: problems.length === 0 };
  store.imageLeases.suspect(unused);
  await collect(store, paths.images);
  for (const path of left) await removeTree(path);
  // A damaged image can be pulled again once its record is removed; containers made of it are left to the user.
  let unrepaired = 0;
  for (const { seq } of damaged) {
    if (store.images.users(seq).length > 0 || store.images.mounts(seq) !== undefined) unrepaired += 1;
    else store.images.remove(seq);
  }
  await collect(store, paths.images);
  return { problems, repaired: unrepaired === 0 };
}

interface Damaged {
  readonly seq: number;
  readonly id: string;
  readonly what: string;
}

/** Returns the damaged images, each once with the first part that is missing. */
function damagedImages({ store, paths }: EngineContext): readonly Damaged[] {
  return store.images.list().flatMap(({ seq, id }) => {
    const layer = store.images.layers(seq).find((chain) => !hasLayer(paths.images, chain));
    if (layer !== undefined) return [{ seq, id, what: `layer ${layer}` }];
    const blob = store.images.blobs(seq).find(({ digest }) => blobSize(paths.images, digest) === undefined);
    return blob === undefined ? [] : [{ seq, id, what: `blob ${blob.digest}` }];
  });
}

/** Returns the paths of leftover files; none while any lease exists, because a process at work may own them. */
function leftovers({ store, paths }: EngineContext): readonly string[] {
  if (store.imageLeases.list().length > 0) return [];
  return strayFiles(paths.images).filter((path) => statSync(path, { throwIfNoEntry: false }) !== undefined);
}
