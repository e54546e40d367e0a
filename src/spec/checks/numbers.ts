/** Checks of numbers that users give, before anything is done with them. */
import { invalid } from '../../errors.js';

/** Largest number of bytes that is passed to the kernel: exact as a number, and beyond any machine. */
export const MAX_BYTES = Number.MAX_SAFE_INTEGER;

export interface IntegerRange {
  readonly min: number;
  readonly max: number;
}

/** Returns the value if it is a whole number in the range; throws INVALID_ARGUMENT, which names `what`, otherwise. */
export function checkInteger(what: string, value: number, range: IntegerRange): number {
  if (Number.isSafeInteger(value) && value >= range.min && value <= range.max) return value;
  throw invalid(`${what} must be a whole number from ${range.min} to ${range.max}, not ${value}`);
}

/** Checks like checkInteger(), for a value that may be absent. */
export function checkOptionalInteger(what: string, value: number | undefined, range: IntegerRange): number | undefined {
  return value === undefined ? undefined : checkInteger(what, value, range);
}

/** Checks a time limit in milliseconds; 0 is no limit. */
export function checkTimeoutMs(value = 0, what = 'timeoutMs'): number {
  return checkInteger(what, value, { min: 0, max: 2 ** 40 });
}
