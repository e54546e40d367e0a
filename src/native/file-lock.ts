/** Locks between processes: flock(2) on a separate file for each object that is locked. */
import { abortedError, onAbort, throwIfAborted } from './abort.js';
import { requireAbsolutePath } from './arguments.js';
import { binding } from './binding.js';
import { unlinkIfThere } from './if-there.js';
import { isNativeError, unwrap } from './native-error.js';
import { requireOptions, SIGNAL } from './options.js';

/** A lock that is held. It ends with `release`, with `using`, or with the process. */
export interface FileLock extends Disposable {
  /** Path of the file, as it was given. */
  readonly path: string;
  /** Releases the lock. Calling it again does nothing. */
  release(): void;
}

/**
 * Takes the lock if it is free; returns undefined if it is held, also by this process. A missing file is made (mode
 * 0600), and stays. NativeError ELOOP if the last component is a symbolic link, EISDIR, and those of open(2); TypeError
 * for a relative path.
 */
export function tryLock(path: string): FileLock | undefined {
  const fd = unwrap(binding().tryLock(requireAbsolutePath(path)));
  return fd === null ? undefined : heldLock(path, fd);
}

/**
 * Waiters of this thread by path: only the first one for each path waits in the kernel, so that many waiters do not
 * take many threads.
 */
const queues = new Map<string, Promise<unknown>>();

/**
 * Takes the lock, waiting off the main thread. Waiters of one thread get it in the order in which they asked. If the
 * file is removed or replaced meanwhile, the lock is taken on the file that then has the path. TspodError ABORTED when
 * the signal aborts; NativeError and TypeError as for tryLock().
 */
export async function lock(path: string, options: { readonly signal?: AbortSignal } = {}): Promise<FileLock> {
  requireOptions('lock options', options, SIGNAL);
  requireAbsolutePath(path);
  throwIfAborted(`lock "${path}"`, options.signal);
  if (!queues.has(path)) {
    const free = tryLock(path);
    if (free !== undefined) return free;
  }
  return queued(path, options.signal);
}

async function queued(path: string, signal: AbortSignal | undefined): Promise<FileLock> {
  const before = queues.get(path) ?? Promise.resolve();
  const mine = deferred();
  const tail = before.then(() => mine.promise);
  queues.set(path, tail);
  try {
    await turn(path, before, signal);
    return await lockInKernel(path, signal);
  } finally {
    mine.resolve();
    void tail.then(() => {
      if (queues.get(path) === tail) queues.delete(path);
    });
  }
}

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve!: () => void;
  const promise = new Promise<void>((settle) => (resolve = settle));
  return { promise, resolve };
}

/** Waits for earlier waiters of this thread, or until the signal aborts. */
function turn(path: string, before: Promise<unknown>, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const forget = onAbort(signal, () => signal !== undefined && reject(abortedError(`lock "${path}"`, signal)));
    void before.then(() => {
      forget();
      resolve();
    });
  });
}

async function lockInKernel(path: string, signal: AbortSignal | undefined): Promise<FileLock> {
  throwIfAborted(`lock "${path}"`, signal);
  const { id, done } = binding().lockWaiting(path);
  const forget = onAbort(signal, () => binding().cancel(id));
  try {
    const fd = unwrap(await done);
    if (signal?.aborted !== true) return heldLock(path, fd);
    binding().unlock(fd); // the lock came in the moment of the abort
    throw abortedError(`lock "${path}"`, signal);
  } catch (error) {
    if (signal?.aborted === true && isNativeError(error, 'ECANCELED')) throw abortedError(`lock "${path}"`, signal);
    throw error;
  } finally {
    forget();
  }
}

function heldLock(path: string, fd: number): FileLock {
  let held = true;
  const release = () => {
    if (!held) return;
    held = false;
    unwrap(binding().unlock(fd));
  };
  return { path, release, [Symbol.dispose]: release };
}

/**
 * Removes the file of a lock. A process that waits for the removed file notices, and takes the lock on the file that
 * then has the name.
 */
export function removeLockFile({ path }: FileLock): void {
  unlinkIfThere(path);
}
