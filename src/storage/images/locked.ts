/**
 * Serializes work on one item among processes: a lock file per digest, which is removed when nobody wants it any more.
 */
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { lock, removeLockFile, tryLock, type FileLock } from '../../native/file-lock.js';
import { isNativeError } from '../../native/native-error.js';
import type { ImagePaths } from '../paths.js';

/** Returns the path of a lock file: `blob-HEX`, `layer-HEX`, `lease-ID`, `mount-ID` or `boot-ID`. */
export function lockPath(
  { locks }: ImagePaths,
  kind: 'blob' | 'layer' | 'lease' | 'mount' | 'boot',
  key: string,
): string {
  return join(locks, `${kind}-${key.replace(':', '-')}`);
}

/** Runs `work` while holding the lock. `onWait` is called if another process holds it. */
export async function withLocked<T>(
  path: string,
  work: () => Promise<T>,
  options: { readonly signal?: AbortSignal | undefined; readonly onWait?: (() => void) | undefined } = {},
): Promise<T> {
  const { signal } = options;
  let held = await takeNow(path);
  if (held === undefined) {
    options.onWait?.();
    held = await lock(path, signal === undefined ? {} : { signal });
  }
  try {
    return await work();
  } finally {
    removeLock(held);
  }
}

/** Takes the lock if it is free. The first user creates the directory. */
async function takeNow(path: string): Promise<FileLock | undefined> {
  try {
    return tryLock(path);
  } catch (error) {
    if (!isNativeError(error, 'ENOENT')) throw error;
    mkdirSync(join(path, '..'), { recursive: true, mode: 0o700 });
    return tryLock(path);
  }
}

/** Takes the lock if it is free. `make`: creates the lock file if it is missing; otherwise returns undefined then. */
export function lockIfFree(path: string, options: { readonly make: boolean }): FileLock | undefined {
  if (!options.make && !existsSync(path)) return undefined;
  mkdirSync(join(path, '..'), { recursive: true, mode: 0o700 });
  return tryLock(path);
}

/** Removes the lock file and releases the lock. Processes that wait for it notice that the file was replaced. */
export function removeLock(held: FileLock): void {
  try {
    removeLockFile(held);
  } finally {
    held.release();
  }
}
