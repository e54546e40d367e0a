/** Work that one process at a time does for all: a lock file for each digest, gone when nobody wants it. */
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { lock, removeLockFile, tryLock, type FileLock } from '../../native/file-lock.js';
import { isNativeError } from '../../native/native-error.js';
import type { ImagePaths } from '../paths.js';

/** `blob-HEX`, `layer-HEX`, `lease-ID`, `mount-ID`, `boot-ID`. */
export function lockPath(
  { locks }: ImagePaths,
  kind: 'blob' | 'layer' | 'lease' | 'mount' | 'boot',
  key: string,
): string {
  return join(locks, `${kind}-${key.replace(':', '-')}`);
}

/** Runs the work while nobody else does the same. `onWait` is called if somebody does. */
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
    forget(held);
  }
}

/** The directory is the first user's to make. */
async function takeNow(path: string): Promise<FileLock | undefined> {
  try {
    return tryLock(path);
  } catch (error) {
    if (!isNativeError(error, 'ENOENT')) throw error;
    mkdirSync(join(path, '..'), { recursive: true, mode: 0o700 });
    return tryLock(path);
  }
}

/** The lock if nobody has it, and its file is there or `make` says to make it. */
export function lockIfFree(path: string, options: { readonly make: boolean }): FileLock | undefined {
  if (!options.make && !existsSync(path)) return undefined;
  mkdirSync(join(path, '..'), { recursive: true, mode: 0o700 });
  return tryLock(path);
}

/** Whoever waits for it notices that the file is another one. */
export function forget(held: FileLock): void {
  try {
    removeLockFile(held);
  } finally {
    held.release();
  }
}
