/** Errors about monitors that do not answer. */
import { TspodError } from '../../errors.js';

/**
 * How long a monitor may take to answer, in ms. It does not answer while it launches its container, and others can hold
 * that up: a hook, or whoever shares the container's processes.
 */
export const ANSWER_MS = 5000;

export function unanswered(code: 'UPDATE_FAILED' | 'STATE_INVALID', id: string, why: string): TspodError {
  return new TspodError(code, `the monitor of container ${id} does not answer: ${why}`, {
    details: { id, unanswered: true },
  });
}

export function isUnanswered(error: unknown): boolean {
  return error instanceof TspodError && error.details['unanswered'] === true;
}
