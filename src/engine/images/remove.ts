/** `images.remove()` and `images.prune()`. */
import type { EngineContext } from '../../container/context.js';
import { recordImageEvent } from '../../container/events.js';
import { failpoint } from '../../container/failpoint.js';
import { findImage } from '../../container/create/find-image.js';
import { removeContainer } from '../../container/verbs/remove.js';
import { TspodError } from '../../errors.js';
import { throwIfAborted } from '../../native/abort.js';
import type { StoredImage } from '../../state/image-rows.js';
import { imageInUse } from '../../state/images.js';
import { collect } from '../../storage/images/garbage.js';
import { forgetAbandoned } from '../../storage/images/lease.js';
import { defined } from '../../util/defined.js';
import { removeList, summarizeList } from '../manifests/names.js';
import { unmountStored } from './mount.js';
import { imagePredicate } from './filters.js';
import { removeLeftovers } from './leftovers.js';
import { summarize } from './summary.js';
import type { ImagePruneOptions, ImagePruneResult, ImageRemoveOptions, RemovedImage } from './types.js';

export async function removeImage(
  context: EngineContext,
  nameOrId: string,
  { force = false, signal }: ImageRemoveOptions = {},
): Promise<RemovedImage> {
  for (;;) {
    throwIfAborted('remove an image', signal);
    const image = untagOneOfSeveral(context, nameOrId);
    if (typeof image === 'string') return { untagged: [image], deleted: undefined };
    await endUsers(context, image, { force, signal });
    if (image.names.length > 1 && !force) throw severalNames(image);
    if (force) await unmountStored(context, image, true);
    const removed = await removeWhole(context, image);
    if (removed !== undefined) return removed;
  }
}

/**
 * If `nameOrId` is one of several names, removes and returns that name; the image stays, whether or not it is in use.
 * Otherwise returns the image.
 */
function untagOneOfSeveral(context: EngineContext, nameOrId: string): StoredImage | string {
  const { store } = context;
  return store.transaction(() => {
    const { image, name, place } = findImage(store, nameOrId);
    if (place !== undefined && image.names.length > 1) throw noSuchName(place);
    if (name === undefined || image.names.length === 1) return image;
    store.images.untag(image.seq, name);
    recordImageEvent(context, { status: 'untag', id: image.id, name });
    return name;
  });
}

/** Error for a digest that is none of several names: it does not say which name to remove, not even with `force`. */
function noSuchName(place: string): TspodError {
  return new TspodError('INVALID_ARGUMENT', `${place}: tag not known`, { details: { name: place } });
}

function severalNames({ id, names }: StoredImage): TspodError {
  const all = names.map(({ name }) => name).join(', ');
  return new TspodError(
    'INVALID_ARGUMENT',
    `unable to delete image "${id}" by ID with more than one tag ([${all}]): please force removal`,
  );
}

async function endUsers(
  context: EngineContext,
  { id, seq }: StoredImage,
  { force, signal }: { readonly force: boolean; readonly signal: AbortSignal | undefined },
): Promise<void> {
  const users = context.store.images.users(seq);
  const [first] = users;
  if (first === undefined) return;
  if (!force) throw imageInUse(id, first);
  for (const user of users) {
    throwIfAborted('remove an image', signal);
    if (context.store.get(user) !== undefined)
      await removeContainer(context, user, { force: true, depend: true, timeoutSec: 0, ...defined({ signal }) });
  }
}

/**
 * Removes an image with all its names. Returns undefined, having done nothing, if its names have changed meanwhile or
 * it is gone.
 */
async function removeWhole(context: EngineContext, { seq, id, names }: StoredImage): Promise<RemovedImage | undefined> {
  const { store, paths } = context;
  const untagged = names.map(({ name }) => name);
  await forgetAbandoned(store, paths.images, [
    ...store.images.blobs(seq).map(({ digest }) => ({ kind: 'blob' as const, key: digest })),
    ...store.images.layers(seq).map((chain) => ({ kind: 'layer' as const, key: chain })),
  ]);
  if (!store.images.remove(seq, untagged)) return undefined;
  failpoint('image-removed');
  for (const name of untagged) recordImageEvent(context, { status: 'untag', id, name });
  recordImageEvent(context, { status: 'remove', id, name: untagged[0] ?? id });
  await collect(store, paths.images);
  return { untagged, deleted: id };
}

/** Removes unused images; continues after a failure. */
export async function pruneImages(context: EngineContext, options: ImagePruneOptions = {}): Promise<ImagePruneResult> {
  const { store } = context;
  const { all = false, filters = {}, signal } = options;
  const find = (wanted: string) => summarize(store, findImage(store, wanted).image);
  const matches = imagePredicate(filters, { now: new Date(), find });
  const removed: RemovedImage[] = [];
  const failed = new Map<string, Error>();
  let reclaimed = 0;
  for (const image of store.images.list()) {
    throwIfAborted('prune', signal);
    if (image.uses > 0 || store.images.mounts(image.seq) !== undefined) continue;
    if ((!all && image.names.length > 0) || !matches(summarize(store, image))) continue;
    try {
      const gone = await removeWhole(context, image);
      if (gone === undefined) continue;
      removed.push(gone);
      reclaimed += image.size;
    } catch (error) {
      failed.set(image.id, error instanceof Error ? error : new Error(String(error)));
    }
  }
  store.transaction(() => {
    for (const list of store.manifestLists.list()) {
      if ((!all && list.names.length > 0) || !matches(summarizeList(list))) continue;
      removed.push(removeList(context, list));
    }
  });
  // Filters select images; leftovers of pulls match none of them.
  if (Object.values(filters).every(({ length }) => length === 0)) reclaimed += await removeLeftovers(context);
  if (removed.length > 0) recordImageEvent(context, { status: 'prune', id: '', name: '' });
  return { removed, failed, reclaimed };
}
