/** What killed commands left of images, put right when an engine opens. Loads nothing that most commands have no use for. */
import type { EngineContext } from '../../container/context.js';
import type { LeaseItem } from '../../state/image-leases.js';
import { SALVAGED } from '../../state/salvage.js';
import { collect, stored } from '../../storage/images/garbage.js';
import { settleLeases } from '../../storage/images/lease.js';
import { lockPath, withLocked } from '../../storage/images/locked.js';
import { settleMounts } from './mount.js';

/** Costs nothing where nobody was killed. What could be gone on with stays. */
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

/** Blobs and layers that no record needs. */
export function unusedItems({ store, paths }: EngineContext): readonly LeaseItem[] {
  return stored(paths.images).filter(({ kind, key }) =>
    kind === 'blob' ? !store.images.isBlobUsed(key) : !store.images.isLayerUsed(key),
  );
}
