/**
 * Leases protect image content that is being worked on: while their lock is held, and after a crash for a day or until
 * a prune, so that the work can be resumed.
 */
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { removeTree } from '../../native/tree.js';
import type { FileLock } from '../../native/file-lock.js';
import { tryLock } from '../../native/file-lock.js';
import { randomBytes } from '../../native/primitives.js';
import type { LeaseItem, StoredImageLease } from '../../state/image-leases.js';
import type { Store } from '../../state/store.js';
import type { ImagePaths } from '../paths.js';
import { partialPath, unnamedPath } from './blobs.js';
import { removeLock, lockIfFree, lockPath } from './locked.js';
import { unreadyLayerPath } from './layers.js';

/** How long the content named by a lease is kept for another attempt after its process was killed or gave up. */
const KEPT_US = 24 * 3600 * 1e6;

/** A lease of this process: recorded in the store, with a lock that is held until it is disposed of. */
export class Lease implements Disposable {
  readonly #store: Store;
  readonly #paths: ImagePaths;
  readonly #id: string;
  readonly #held: FileLock;
  #isOpen = true;

  constructor(store: Store, paths: ImagePaths) {
    this.#store = store;
    this.#paths = paths;
    mkdirSync(paths.locks, { recursive: true, mode: 0o700 });
    let held: FileLock | undefined;
    let id = '';
    // A process that settles leases may hold the new lock file for a moment.
    while (held === undefined) {
      id = randomBytes(16).toString('hex');
      held = tryLock(lockPath(paths, 'lease', id));
    }
    this.#id = id;
    this.#held = held;
    store.imageLeases.make(this.#id);
  }

  /** Path for a file whose digest is not known yet; one file at a time. */
  get unready(): string {
    return unnamedPath(this.#paths, this.#id);
  }

  /** Adds content to the lease. Call it before checking that the content exists: from now on nobody removes it. */
  add(items: readonly LeaseItem[]): void {
    this.#store.imageLeases.add(this.#id, items);
  }

  /** Ends the lease after success: the result has been recorded, and there is nothing to resume. */
  end(): void {
    this.#store.imageLeases.end(this.#id);
    this[Symbol.dispose]();
  }

  /** Releases the lock. Without end(), the content is kept for another attempt. */
  [Symbol.dispose](): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    removeLock(this.#held);
  }
}

/** Cleans up after dead leases. `all`: including content kept for another attempt. */
export async function settleLeases(store: Store, paths: ImagePaths, { all }: { readonly all: boolean }): Promise<void> {
  const leases = store.imageLeases.list();
  removeStrayLocks(paths, leases);
  for (const lease of leases) {
    if (isAlive(paths, lease)) continue;
    const items = store.imageLeases.items(lease.id);
    await removeUnready(paths, items);
    await removeTree(unnamedPath(paths, lease.id));
    if (!all && lease.madeUs + KEPT_US > Date.now() * 1000) continue;
    store.imageLeases.end(lease.id, { abandon: true });
    await removePartial(store, paths, items);
  }
}

/** Returns the content that dead leases name and no live lease does. */
export function abandonedItems(store: Store, paths: ImagePaths): readonly LeaseItem[] {
  const leases = store.imageLeases.list();
  const dead = leases.filter((lease) => !isAlive(paths, lease));
  const itemsOf = (some: typeof leases) =>
    new Map(some.flatMap(({ id }) => store.imageLeases.items(id).map((item) => [`${item.kind} ${item.key}`, item])));
  const wanted = itemsOf(leases.filter((lease) => !dead.includes(lease)));
  return [...itemsOf(dead)].flatMap(([name, item]) => (wanted.has(name) ? [] : [item]));
}

/** Removes content from dead leases, so that they do not prevent its collection. */
export async function forgetAbandoned(store: Store, paths: ImagePaths, items: readonly LeaseItem[]): Promise<void> {
  for (const lease of store.imageLeases.list()) {
    if (isAlive(paths, lease)) continue;
    await removeTree(unnamedPath(paths, lease.id));
    store.imageLeases.drop(lease.id, items);
  }
}

/** Removes lock files of leases that were not yet, or no longer, recorded when their process was killed. */
function removeStrayLocks(paths: ImagePaths, leases: readonly StoredImageLease[]): void {
  if (!existsSync(paths.locks)) return;
  const recorded = new Set(leases.map(({ id }) => lockPath(paths, 'lease', id)));
  for (const name of readdirSync(paths.locks)) {
    const path = join(paths.locks, name);
    if (!name.startsWith('lease-') || recorded.has(path)) continue;
    const held = lockIfFree(path, { make: false });
    if (held !== undefined) removeLock(held);
  }
}

function isAlive(paths: ImagePaths, { id }: StoredImageLease): boolean {
  const path = lockPath(paths, 'lease', id);
  if (!existsSync(path)) return false;
  const held = lockIfFree(path, { make: false });
  if (held === undefined) return existsSync(path);
  removeLock(held);
  return false;
}

/** Removes half-unpacked layers, which are unpacked from the start next time, and lock files that nobody holds. */
async function removeUnready(paths: ImagePaths, items: readonly LeaseItem[]): Promise<void> {
  for (const { kind, key } of items) {
    const unready = kind === 'layer' ? unreadyLayerPath(paths, key) : undefined;
    const path = lockPath(paths, kind, key);
    const isThere = unready !== undefined && existsSync(unready);
    if (!isThere && !existsSync(path)) continue;
    const held = lockIfFree(path, { make: isThere });
    if (held === undefined) continue;
    try {
      if (unready !== undefined) await removeTree(unready);
    } finally {
      removeLock(held);
    }
  }
}

async function removePartial(store: Store, paths: ImagePaths, items: readonly LeaseItem[]): Promise<void> {
  for (const { kind, key } of items) {
    if (kind !== 'blob' || !existsSync(partialPath(paths, key)) || store.images.isBlobUsed(key)) continue;
    const held = lockIfFree(lockPath(paths, 'blob', key), { make: true });
    if (held === undefined) continue;
    try {
      await removeTree(partialPath(paths, key));
    } finally {
      removeLock(held);
    }
  }
}
