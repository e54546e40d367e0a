/** Failures of a verb on all containers of a pod. */
import { isTspodError, TspodError } from '../../errors.js';
import { throwIfAborted } from '../../native/abort.js';

/** Errors by the id of the container. */
export type Failures = ReadonlyMap<string, Error>;

/** Waits for all that was begun, and returns the failures. */
export async function failuresOf(works: readonly (readonly [string, Promise<unknown>])[]): Promise<Failures> {
  const settled = await Promise.allSettled(works.map(([, work]) => work));
  const failures = new Map<string, Error>();
  for (const [index, [id]] of works.entries()) {
    const result = settled[index];
    if (result?.status !== 'rejected') continue;
    const reason: unknown = result.reason;
    failures.set(id, reason instanceof Error ? reason : new Error(String(reason)));
  }
  return failures;
}

/**
 * Throws POD_PARTIAL_FAIL if there are failures, ABORTED if each of them is one because the signal has aborted. `what`
 * begins the message, and says which verb has failed.
 */
export function requireNone(pod: string, what: string, errors: Failures, signal?: AbortSignal): void {
  if (errors.size === 0) return;
  requireNotAborted(what, errors, signal);
  const words = [...errors].map(([id, { message }]) => `${id}: ${message}`).join('; ');
  throw partialFail(pod, `${what}: ${words}`, errors);
}

/** Throws ABORTED if the signal has aborted and nothing else has failed. */
export function requireNotAborted(what: string, errors: Failures, signal: AbortSignal | undefined): void {
  if ([...errors.values()].every((error) => isTspodError(error, 'ABORTED'))) throwIfAborted(what, signal);
}

export function partialFail(pod: string, message: string, errors: Failures): TspodError {
  const [cause] = errors.values();
  return new TspodError('POD_PARTIAL_FAIL', message, { details: { id: pod, errors }, cause });
}
