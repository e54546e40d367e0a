/** The lock of a pod: taken before those of its containers. A file like theirs, since ids are of one kind. */
import { throwIfAborted } from '../../native/abort.js';
import { lock, removeLockFile, tryLock, type FileLock } from '../../native/file-lock.js';
import { noSuchPod } from '../../state/lookup.js';
import type { StoredPod } from '../../state/pods.js';
import { containerPaths } from '../../storage/paths.js';
import { tracked, type EngineContext } from '../context.js';

interface LockOptions {
  /** Gives up waiting for the lock; one that has aborted before lets nothing begin. */
  readonly signal?: AbortSignal | undefined;
}

/** A pod whose lock this call holds. Verbs of the inner context on its containers do not take it again. */
export type PodBody<T> = (inner: EngineContext, pod: StoredPod) => Promise<T>;

/** Throws NO_SUCH_POD if it is gone when the lock is there, ENGINE_CLOSED, ABORTED. */
export async function withPod<T>(
  context: EngineContext,
  id: string,
  body: PodBody<T>,
  { signal }: LockOptions = {},
): Promise<T> {
  throwIfAborted(`pod ${id}`, signal);
  const known = context.store.pods.get(id);
  if (known === undefined) throw noSuchPod(id);
  if (context.heldPod === id) return body(context, known);
  return tracked(context, async () => {
    const { lock: path } = containerPaths(context.directories, id);
    using held = tryLock(path) ?? (await lock(path, signal === undefined ? {} : { signal }));
    return await underLock(context, { id, held }, body);
  });
}

/** Undefined if somebody else holds the lock. */
export async function withFreePod<T>(context: EngineContext, id: string, body: PodBody<T>): Promise<T | undefined> {
  return tracked(context, async () => {
    using held = tryLock(containerPaths(context.directories, id).lock);
    return held === undefined ? undefined : await underLock(context, { id, held }, body);
  });
}

/** Nobody needs the file while nobody holds its lock. */
async function underLock<T>(
  context: EngineContext,
  { id, held }: { readonly id: string; readonly held: FileLock },
  body: PodBody<T>,
): Promise<T> {
  try {
    const pod = context.store.pods.get(id);
    if (pod === undefined) throw noSuchPod(id);
    return await body({ ...context, heldPod: id }, pod);
  } finally {
    removeLockFile(held);
  }
}
