/** Mounts images on the host, read-only. Mounts are counted: each needs its own unmount. */
import { mkdirSync, rmdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

import type { EngineContext } from '../../container/context.js';
import { recordImageEvent } from '../../container/events.js';
import { failpoint } from '../../container/failpoint.js';
import { findImage } from '../../container/create/find-image.js';
import { isMountPoint } from '../../host/mount-point.js';
import { ownFd, type OwnedFd } from '../../native/directory-entries.js';
import { execute, executeFor } from '../../native/execute.js';
import { encodePlan } from '../../plan/encode.js';
import { imageRootPlan } from '../../plan/root.js';
import { teardownPlan } from '../../plan/teardown.js';
import type { StoredImage } from '../../state/image-rows.js';
import { readOnlyLowerDirectories } from '../../storage/images/layers.js';
import { removeLock, lockIfFree, lockPath, withLocked } from '../../storage/images/locked.js';
import type { ImagePaths } from '../../storage/paths.js';
import { summarize } from './summary.js';
import type { ImageUnmountOptions, MountedImage } from './types.js';

/**
 * Mounts an image and returns the path. The record is written before the mount; a crash in between leaves a record
 * without a mount, which settleMounts() removes.
 */
export async function mountImage(context: EngineContext, nameOrId: string): Promise<string> {
  const { store, paths } = context;
  const { image, name } = findImage(store, nameOrId);
  const path = mountPath(paths.images, image.id);
  await withLocked(lockPath(paths.images, 'mount', image.id), async () => {
    const isMounted = isMountPoint(path);
    store.images.mount(image.seq);
    failpoint('image-mount-recorded');
    if (!isMounted) await attach(context, image, path);
  });
  recordImageEvent(context, { status: 'mount', id: image.id, name: name ?? image.id });
  return path;
}

/** Mounts an image that is not mounted yet. A failure removes the record of the mount. */
async function attach(context: EngineContext, image: StoredImage, path: string): Promise<void> {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    using _root = await openImageRoot(context, image, path);
    failpoint('image-mounted');
  } catch (error) {
    context.store.images.unmount(image.seq, { all: true });
    // The first error tells the cause; settleMounts() retries this removal.
    await removeMount(context, image).catch(() => undefined);
    throw error;
  }
}

/** Undoes one mount of an image, or with `force` all of them. Does nothing if it is not mounted. */
export async function unmountImage(
  context: EngineContext,
  nameOrId: string,
  { force = false }: ImageUnmountOptions = {},
): Promise<void> {
  const { image, name } = findImage(context.store, nameOrId);
  if (!(await unmountStored(context, image, force))) return;
  recordImageEvent(context, { status: 'unmount', id: image.id, name: name ?? image.id });
}

/** Undoes one mount of an image, or with `all` every one. Returns whether it was mounted. */
export async function unmountStored(
  context: EngineContext,
  { seq, id }: Pick<StoredImage, 'seq' | 'id'>,
  all: boolean,
): Promise<boolean> {
  const { store, paths } = context;
  if (store.images.mounts(seq) === undefined) return false;
  return withLocked(lockPath(paths.images, 'mount', id), async () => {
    const left = store.images.unmount(seq, { all });
    failpoint('image-unmount-recorded');
    if (left === 0) await removeMount(context, { seq, id });
    return left !== undefined;
  });
}

/** Returns the mounted images, in the order in which the images were stored. */
export function mountedImages({ store, paths }: EngineContext): readonly MountedImage[] {
  return store.images.mounted().flatMap(({ seq, id, mounts }) => {
    const image = store.images.bySeq(seq);
    const path = mountPath(paths.images, id);
    return image === undefined || mounts === 0 || !isMountPoint(path) ? [] : [{ image: summarize(store, image), path }];
  });
}

/** Cleans up mounts that a crash or a reboot has left half-done. Costs nothing if no image is mounted. */
export async function settleMounts(context: EngineContext): Promise<void> {
  const { store, paths } = context;
  for (const { seq, id } of store.images.mounted()) {
    const held = lockIfFree(lockPath(paths.images, 'mount', id), { make: true });
    if (held === undefined) continue;
    try {
      const isWanted = (store.images.mounts(seq) ?? 0) > 0;
      if (!isWanted || !isMountPoint(mountPath(paths.images, id))) await removeMount(context, { seq, id });
    } finally {
      removeLock(held);
    }
  }
}

/** Opens the root of an image as a descriptor, mounted at `attachTo` or nowhere. */
export async function openImageRoot(
  { store, paths }: EngineContext,
  { seq }: Pick<StoredImage, 'seq'>,
  attachTo?: string,
): Promise<OwnedFd> {
  const lower = readOnlyLowerDirectories(paths.images, store.images.layers(seq));
  const { plan, slot } = imageRootPlan(lower, paths.locks, attachTo);
  return ownFd(await executeFor(encodePlan(plan), slot));
}

async function removeMount(
  { store, paths }: EngineContext,
  { seq, id }: { readonly seq: number; readonly id: string },
) {
  const path = mountPath(paths.images, id);
  if (isMountPoint(path)) await execute(encodePlan(teardownPlan({ id, cgroup: undefined, unmounts: [path] })));
  failpoint('image-unmounted');
  if (statSync(path, { throwIfNoEntry: false }) !== undefined) rmdirSync(path);
  store.images.forgetMount(seq);
}

function mountPath({ mounts }: ImagePaths, id: string): string {
  return join(mounts, id);
}
