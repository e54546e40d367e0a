/** Layers that hide the host's secrets from `host:` containers: one for each set of hidden paths and owners of their
 * directories (a user namespace has its own), shared by all containers that hide the same, and kept until the machine goes down. */
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

/** What is left of the making of a layer that was cut off. */
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

/** Of a store without containers: those who launch one make it anew. */
export async function removeHideLayers({ hide, locks }: StorePaths): Promise<void> {
  if (!existsSync(hide)) return;
  using _held = await lock(join(locks, 'hide'));
  try {
    await unmount(hide, { detach: true });
  } catch (error) {
    // It is no mount where the run directory is on a file system of its own.
    if (!isNativeError(error, 'EINVAL')) throw error;
  }
  await removeTree(hide);
}

/** Makes the layer unless it is there. A layer has its name only when it is complete, and is never changed. */
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
 * The layers lie below "/", and no layer of an overlay may lie inside another: where the run directory is on the root file system they get
 * one of their own. It stays mounted until the machine goes down; containers need it.
 */
async function ensurePlace(directory: string): Promise<void> {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  if (statSync(directory).dev !== statSync('/').dev) return;
  await execute(encodePlan(hideMountPlan(directory)));
}
