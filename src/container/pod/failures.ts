/** Failures of a verb on all containers of a pod. */
import { TspodError } from '../../errors.js';

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

/** Throws POD_PARTIAL_FAIL if there are failures. `what` begins the message, and says which verb has failed. */
export function requireNone(pod: string, what: string, errors: Failures): void {
  if (errors.size === 0) return;
  const words = [...errors].map(([id, { message }]) => `${id}: ${message}`).join('; ');
  throw partialFail(pod, `${what}: ${words}`, errors);
}

export function partialFail(pod: string, message: string, errors: Failures): TspodError {
  const [cause] = errors.values();
  return new TspodError('POD_PARTIAL_FAIL', message, { details: { id: pod, errors }, cause });
}
