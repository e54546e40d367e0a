/** Whether the store's files are those that its records need, and no others. */
import { statSync } from 'node:fs';
import { basename } from 'node:path';

import type { EngineContext } from '../../container/context.js';
import { removeTree } from '../../native/tree.js';
import { blobSize } from '../../storage/images/blobs.js';
import { collect, stored, strays } from '../../storage/images/garbage.js';
import { SALVAGED } from '../../state/salvage.js';
import { hasLayer } from '../../storage/images/layers.js';
import { adoptImages } from './adopt.js';
import { settleMounts } from './mount.js';
import { lockPath, withLocked } from '../../storage/images/locked.js';
import { settleLeases } from '../../storage/images/lease.js';
import type { StoreCheck } from './types.js';

/** Called when an engine opens: costs nothing where nobody was killed. What could be gone on with stays. */
export async function settleImages(context: EngineContext): Promise<void> {
  const { store, paths } = context;
  await settleMounts(context);
  await settleLeases(store, paths.images, { all: false });
  await forgetUnrecorded(context);
  await collect(store, paths.images);
}

/** In which boot nothing lies under its name that a power cut may have damaged. */
const CHECKED_BOOT = 'images_boot_id';

/**
 * What has its name and is in no record yet may not have been on the disk when the machine went down: it is made anew when it is wanted. Once in each boot, and
 * before anybody trusts a name.
 */
async function forgetUnrecorded(context: EngineContext): Promise<void> {
  const { store, paths } = context;
  const boot = store.meta('boot_id') ?? '';
  // After a repair, records are made of what has none (adoptImages()).
  if (store.meta(CHECKED_BOOT) === boot || store.meta(SALVAGED) === '1') return;
  await withLocked(lockPath(paths.images, 'boot', boot), async () => {
    if (store.meta(CHECKED_BOOT) === boot) return;
    await settleLeases(store, paths.images, { all: true });
    store.imageLeases.suspect(unusedItems(context));
    await collect(store, paths.images);
    store.setMeta(CHECKED_BOOT, boot);
  });
}

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
    ...adopted.map((id) => `image ${id} had no record: it is there again, without a name`),
    ...damaged.map(({ id, what }) => `image ${id}: ${what} is missing`),
    ...unused.map(({ kind, key }) => `${kind} ${key} belongs to no image`),
    ...left.map((path) => `${basename(path)} was left by a command that was cut off`),
  ];
  if (!repair || problems.length === 0) return { problems, repaired: problems.length === 0 };
  store.imageLeases.suspect(unused);
  await collect(store, paths.images);
  for (const path of left) await removeTree(path);
  // What is damaged can be pulled again once its record is gone; containers that are made of it are the user's to remove.
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

/** Once for each image. */
function damagedImages({ store, paths }: EngineContext): readonly Damaged[] {
  return store.images.list().flatMap(({ seq, id }) => {
    const layer = store.images.layers(seq).find((chain) => !hasLayer(paths.images, chain));
    if (layer !== undefined) return [{ seq, id, what: `layer ${layer}` }];
    const blob = store.images.blobs(seq).find(({ digest }) => blobSize(paths.images, digest) === undefined);
    return blob === undefined ? [] : [{ seq, id, what: `blob ${blob.digest}` }];
  });
}

function unusedItems({ store, paths }: EngineContext) {
  return stored(paths.images).filter(({ kind, key }) =>
    kind === 'blob' ? !store.images.isBlobUsed(key) : !store.images.isLayerUsed(key),
  );
}

/** Not of those who are at work: as long as there is a lease, anything may be theirs. */
function leftovers({ store, paths }: EngineContext): readonly string[] {
  if (store.imageLeases.list().length > 0) return [];
  return strays(paths.images).filter((path) => statSync(path, { throwIfNoEntry: false }) !== undefined);
}
