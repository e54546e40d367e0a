/** Turns a look-up that throws into a boolean. */
import { isTspodError, type ErrorCode } from '../errors.js';

/** Whether the look-up succeeds; false if it throws an error with `code`. Other errors are thrown on. */
export function doesNotThrow(find: () => unknown, code: ErrorCode): boolean {
  try {
    find();
    return true;
  } catch (error) {
    if (isTspodError(error, code)) return false;
    throw error;
  }
}
