/**
 * Layers that hide the host's secrets from `host:` containers. There is one per set of hidden paths and owners of their
 * directories (each user namespace has its own); all containers that hide the same paths share it, and it is kept until
 * the machine shuts down.
 */
import { chmodSync, existsSync, mkdirSync, readdirSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';

import type { HideList } from '../host/hide-list.js';
import { execute } from '../native/execute.js';
import { lock, tryLock } from '../native/file-lock.js';
import { unmount } from '../native/mounts.js';
import { isNativeError } from '../native/native-error.js';
import { removeTree } from '../native/tree.js';
import { encodePlan } from '../plan/encode.js';
import { hideLayerPlan, hideMountPlan } from '../plan/hide.js';
import type { StorePaths } from './paths.js';

export function hideLayerPath(paths: StorePaths, list: Pick<HideList, 'digest'>): string {
  return join(paths.hide, list.digest);
}

const UNREADY = '.new';

/** Removes what an interrupted makeLayer() has left. */
export async function removeUnreadyLayers(paths: StorePaths): Promise<void> {
  if (unreadyLayers(paths).length === 0) return;
  using held = tryLock(join(paths.locks, 'hide'));
  if (held === undefined) return;
  for (const layer of unreadyLayers(paths)) await removeTree(layer);
}

function unreadyLayers({ hide }: StorePaths): readonly string[] {
  if (!existsSync(hide)) return [];
  return readdirSync(hide)
    .filter((name) => name.endsWith(UNREADY))
    .map((name) => join(hide, name));
}

/** Removes all hide layers of a store without containers; the next launch creates the one it needs again. */
export async function removeHideLayers({ hide, locks }: StorePaths): Promise<void> {
  if (!existsSync(hide)) return;
  using _held = await lock(join(locks, 'hide'));
  try {
    await unmount(hide, { detach: true });
  } catch (error) {
    // Not a mount if the run directory is on a filesystem of its own.
    if (!isNativeError(error, 'EINVAL')) throw error;
  }
  await removeTree(hide);
}

/** Creates the layer unless it exists. A layer gets its name only when it is complete, and never changes. */
export async function ensureHideLayer(paths: StorePaths, list: HideList): Promise<void> {
  const layer = hideLayerPath(paths, list);
  if (existsSync(layer)) return;
  const held = await lock(join(paths.locks, 'hide'));
  try {
    if (!existsSync(layer)) await makeLayer(paths, list, layer);
  } finally {
    held.release();
  }
}

async function makeLayer(paths: StorePaths, list: HideList, layer: string): Promise<void> {
  await ensurePlace(paths.hide);
  const unready = layer + UNREADY;
  await removeTree(unready);
  mkdirSync(unready, { mode: 0o755 });
  chmodSync(unready, 0o755);
  await execute(encodePlan(hideLayerPlan(list.entries, unready)));
  renameSync(unready, layer);
}

/**
 * Makes sure that the hide layers are not on the root filesystem. The lower layer of such an overlay is "/", and no
 * layer of an overlay may lie inside another; so a run directory on the root filesystem gets a filesystem mounted for
 * the layers. It stays mounted until the machine shuts down, because containers need it.
 */
async function ensurePlace(directory: string): Promise<void> {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  if (statSync(directory).dev !== statSync('/').dev) return;
  await execute(encodePlan(hideMountPlan(directory)));
}
