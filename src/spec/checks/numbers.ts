/** Numbers that users give: checked before anything is done with them. */
import { invalid } from '../../errors.js';

/** Largest count of bytes that is sent to the kernel: exact as a number, and beyond any machine. */
export const MAX_BYTES = Number.MAX_SAFE_INTEGER;

export interface IntegerRange {
  readonly min: number;
  readonly max: number;
}

/** The value, if it is a whole number in the range; INVALID_ARGUMENT names `what` otherwise. */
export function checkInteger(what: string, value: number, range: IntegerRange): number {
  if (Number.isSafeInteger(value) && value >= range.min && value <= range.max) return value;
  throw invalid(`${what} must be a whole number from ${range.min} to ${range.max}, not ${value}`);
}

/** As checkInteger, for a value that may be absent. */
export function checkOptionalInteger(what: string, value: number | undefined, range: IntegerRange): number | undefined {
  return value === undefined ? undefined : checkInteger(what, value, range);
}

/** Milliseconds after which something is ended; 0 is no limit. */
export function checkTimeoutMs(value = 0, what = 'timeoutMs'): number {
  return checkInteger(what, value, { min: 0, max: 2 ** 40 });
}
