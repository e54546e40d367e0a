/** Execution of plans that launch no process, in this process. */
import { binding } from './binding.js';
import { isFailure, NativeError } from './native-error.js';
import type { Failure } from './native-error.js';

/**
 * Executes an encoded plan on a thread of its own: the prepare steps up to the first that fails, then in any case all
 * teardown steps. Namespaces that the plan joins or leaves change for that thread only. The bytes are copied before the
 * call returns.
 *
 * Rejects with a NativeError whose `step` is the index of the first failed step: EBADMSG for bytes that are no plan,
 * EPROTONOSUPPORT for a plan of another version, EOPNOTSUPP for a step that only a launch can have.
 */
export async function execute(plan: Uint8Array): Promise<void> {
  const outcome = await binding().execute(plan);
  if (isFailure(outcome)) throw planError(outcome);
}

/**
 * Executes a plan like execute(), and returns a descriptor: a copy of what the plan has put into a slot. It may be a
 * detached mount, for example, which ends with the descriptor, at the latest with this process.
 */
export async function executeFor(plan: Uint8Array, slot: number): Promise<number> {
  const outcome = await binding().executeFor(plan, slot);
  if (isFailure(outcome)) throw planError(outcome);
  return outcome;
}

/** Returns a failed step as a NativeError. The step's words begin with the system call, followed by its object. */
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
