/** Plans that launch nothing, carried out in this process. */
import { binding } from './binding.js';
import { isFailure, NativeError } from './native-error.js';
import type { Failure } from './native-error.js';

/**
 * Carries out an encoded plan on a thread of its own: the prepare steps up to the first that fails, then in any case all teardown steps.
 * Namespaces that the plan joins or leaves are that thread's alone. The bytes are copied before the call returns.
 *
 * Rejects with a NativeError whose `step` is the index of the first failed step: EBADMSG for bytes that are no plan,
 * EPROTONOSUPPORT for a plan of another version, EOPNOTSUPP for a step that only a launch can have.
 */
export async function execute(plan: Uint8Array): Promise<void> {
  const outcome = await binding().execute(plan);
  if (isFailure(outcome)) throw planError(outcome);
}

/**
 * As execute(), and answers a descriptor: a copy of what the plan has put into a slot, a mount that is attached nowhere for example, which ends with
 * the descriptor, at the latest with this process.
 */
export async function executeFor(plan: Uint8Array, slot: number): Promise<number> {
  const outcome = await binding().executeFor(plan, slot);
  if (isFailure(outcome)) throw planError(outcome);
  return outcome;
}

/** A failed step as a NativeError: its words begin with the system call, what it was about comes after. */
export function planError(failure: Failure): NativeError {
  const words = failure.detail ?? '';
  const space = words.indexOf(' ');
  const syscall = space === -1 ? words : words.slice(0, space);
  const object = space === -1 ? '' : words.slice(space + 1);
  return new NativeError({
    errno: failure.errno,
    syscall: syscall === '' ? failure.syscall : syscall,
    ...(object === '' ? {} : { path: object }),
    ...(failure.step === undefined ? {} : { step: failure.step }),
  });
}
