/** Whether a look-up finds something. */
import { isTspodError, type ErrorCode } from '../errors.js';

/** False if it fails with `code`; what else it fails with is thrown. */
export function doesNotThrow(find: () => unknown, code: ErrorCode): boolean {
  try {
    find();
    return true;
  } catch (error) {
    if (isTspodError(error, code)) return false;
    throw error;
  }
}
