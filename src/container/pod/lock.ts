/**
 * The lock of a pod, taken before those of its containers. Its file is named as theirs are, since both kinds of ids
 * have the same form.
 */
import { throwIfAborted } from '../../native/abort.js';
import { lock, removeLockFile, tryLock, type FileLock } from '../../native/file-lock.js';
import { noSuchPod } from '../../state/lookup.js';
import type { StoredPod } from '../../state/pods.js';
import { containerPaths } from '../../storage/paths.js';
import { tracked, type EngineContext } from '../context.js';

interface LockOptions {
  /** Ends the wait for the lock. A signal that has already aborted lets nothing begin. */
  readonly signal?: AbortSignal | undefined;
}

/** Runs under a pod's lock, which verbs of the inner context do not take again. */
export type PodBody<T> = (inner: EngineContext, pod: StoredPod) => Promise<T>;

/**
 * Runs `body` under the pod's lock. Throws NO_SUCH_POD if the pod is gone once the lock is held, ENGINE_CLOSED,
 * ABORTED.
 */
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

/** Like withPod(), but returns undefined if somebody else holds the lock. */
export async function withFreePod<T>(context: EngineContext, id: string, body: PodBody<T>): Promise<T | undefined> {
  return tracked(context, async () => {
    using held = tryLock(containerPaths(context.directories, id).lock);
    return held === undefined ? undefined : await underLock(context, { id, held }, body);
  });
}

/** Runs `body`, and then removes the lock file: nobody needs it while nobody holds the lock. */
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
