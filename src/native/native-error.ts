/** Failures of system calls, as errors like those of node:fs. */
import { errnoName, errnoText } from '../util/errno.js';

/** Returned by the addon in place of a value when a system call fails. `errno` is positive. */
export interface Failure {
  readonly errno: number;
  readonly syscall: string;
  /** Object of the call, mostly a path. */
  readonly path?: string;
  /** Words where errno does not say enough. */
  readonly detail?: string;
  /** Index of the failed step of a plan. */
  readonly step?: number;
}

/** A value that the addon returns, or a failure. */
export type Outcome<T> = T | Failure;

/**
 * A system call failed. Match on `code`.
 *
 * The message says what was attempted, on which object, and why it failed: `mount "/srv": operation not permitted`.
 */
export class NativeError extends Error {
  /** Name of the error number: `EPERM`. */
  readonly code: string;
  /** The error number, negative as in node:fs. */
  readonly errno: number;
  /** Name of the system call, or of the step of a plan. */
  readonly syscall: string;
  declare readonly path?: string;
  /** Index in the plan of the step that failed. */
  declare readonly step?: number;
  /** More words about the cause. */
  declare readonly detail?: string;

  constructor(failure: Failure) {
    super(failureText(failure));
    this.name = 'NativeError';
    this.code = errnoName(failure.errno);
    this.errno = -Math.abs(failure.errno);
    this.syscall = failure.syscall;
    if (failure.path !== undefined) this.path = failure.path;
    if (failure.step !== undefined) this.step = failure.step;
    if (failure.detail !== undefined) this.detail = failure.detail;
  }
}

/** Whether a value is a NativeError, also one from another copy of this module, and (if given) has this code. */
export function isNativeError(error: unknown, code?: string): error is NativeError {
  return (
    error instanceof Error &&
    error.name === 'NativeError' &&
    (code === undefined || (error as NativeError).code === code)
  );
}

/** Returns the value, or throws the failure with the caller's stack. */
export function unwrap<T>(outcome: Outcome<T>): T {
  if (isFailure(outcome)) throw new NativeError(outcome);
  return outcome;
}

export function isFailure(outcome: unknown): outcome is Failure {
  return typeof outcome === 'object' && outcome !== null && 'errno' in outcome;
}

function failureText({ errno, syscall, path, detail }: Failure): string {
  const object = path === undefined || path === '' ? '' : ` "${path}"`;
  const cause = detail === undefined || detail === '' ? errnoText(errno) : `${detail}: ${errnoText(errno)}`;
  return `${syscall}${object}: ${cause}`;
}
