/** Cleans up after killed commands when an engine opens. Loads no module that most commands do not need. */
import type { EngineContext } from '../../container/context.js';
import type { LeaseItem } from '../../state/image-leases.js';
import { SALVAGED } from '../../state/salvage.js';
import { collect, stored } from '../../storage/images/garbage.js';
import { settleLeases } from '../../storage/images/lease.js';
import { lockPath, withLocked } from '../../storage/images/locked.js';
import { settleMounts } from './mount.js';

/**
 * Settles mounts, leases and files of images. Costs nothing if no command was killed. Partial downloads that can be
 * resumed stay.
 */
export async function settleImages(context: EngineContext): Promise<void> {
  const { store, paths } = context;
  await settleMounts(context);
  await settleLeases(store, paths.images, { all: false });
  await forgetUnrecorded(context);
  await collect(store, paths.images);
}

/** Key of the boot id in which files that a power cut may have damaged were last removed. */
const CHECKED_BOOT = 'images_boot_id';

/**
 * Removes blobs and layers without a record, once in each boot and before their names are trusted: they may not have
 * reached the disk when the machine went down. They are fetched again when they are needed.
 */
async function forgetUnrecorded(context: EngineContext): Promise<void> {
  const { store, paths } = context;
  const boot = store.meta('boot_id') ?? '';
  // After a repair, adoptImages() still makes records of them.
  if (store.meta(CHECKED_BOOT) === boot || store.meta(SALVAGED) === '1') return;
  await withLocked(lockPath(paths.images, 'boot', boot), async () => {
    if (store.meta(CHECKED_BOOT) === boot) return;
    await settleLeases(store, paths.images, { all: true });
    store.imageLeases.suspect(unusedItems(context));
    await collect(store, paths.images);
    store.setMeta(CHECKED_BOOT, boot);
  });
}

/** Returns the blobs and layers that no record needs. */
export function unusedItems({ store, paths }: EngineContext): readonly LeaseItem[] {
  return stored(paths.images).filter(({ kind, key }) =>
    kind === 'blob' ? !store.images.isBlobUsed(key) : !store.images.isLayerUsed(key),
  );
}
