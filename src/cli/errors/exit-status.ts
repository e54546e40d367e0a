/** Maps errors to exit statuses, as Podman does. */
import type { ExitStatus } from '../../container/api/container.js';
import { isTspodError, messageOf, type ErrorCode } from '../../errors.js';
import { CliError, EXIT_FAILURE } from './cli-error.js';

const EXIT_NOT_EXECUTABLE = 126;
const EXIT_NOT_FOUND = 127;
/** -1 as the shell sees it: the container's state does not allow the action, or the exit code is unknown. */
export const EXIT_UNKNOWN = 255;

/** An error with an exit status that depends on what the command was doing. */
export class StatusError extends Error {
  readonly exitCode: number;

  constructor(error: unknown, exitCode: number) {
    super(messageOf(error), { cause: error });
    this.name = 'StatusError';
    this.exitCode = exitCode;
  }
}

/** Returns the exit status of an error: its own if it has one, else 125. */
export function exitStatus(error: unknown): number {
  return error instanceof StatusError || error instanceof CliError ? error.exitCode : EXIT_FAILURE;
}

/** Wraps an error of `run` that occurred between the creation of the container and its first instruction. */
export function startFailure(error: unknown): StatusError {
  return new StatusError(error, startStatus(error));
}

/** Returns 127 if the command does not exist, 126 if something else keeps it from starting. */
function startStatus(error: unknown): number {
  return isTspodError(error, 'COMMAND_NOT_FOUND') ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE;
}

const EXEC_STATUS: Partial<Readonly<Record<ErrorCode, number>>> = {
  COMMAND_NOT_FOUND: EXIT_NOT_FOUND,
  COMMAND_NOT_EXECUTABLE: EXIT_NOT_EXECUTABLE,
  STATE_INVALID: EXIT_UNKNOWN,
  CONTAINER_STOPPED: EXIT_UNKNOWN,
  LAUNCH_FAILED: EXIT_NOT_EXECUTABLE,
  NO_SUCH_USER: EXIT_NOT_EXECUTABLE,
};

/** Wraps an error of `exec` that kept the command from starting. */
export function execFailure(error: unknown): StatusError {
  return new StatusError(error, (isTspodError(error) ? EXEC_STATUS[error.code] : undefined) ?? EXIT_FAILURE);
}

/** Returns the exit status for a container that has ended; 255 if its time limit ended it. */
export function endStatus(end: Pick<ExitStatus, 'exitCode' | 'timedOut'>): number {
  return end.timedOut ? EXIT_UNKNOWN : processStatus(end.exitCode);
}

/** Converts an exit code to one that a process can have: -1 (unknown) becomes 255. */
export function processStatus(code: number): number {
  return code < 0 ? EXIT_UNKNOWN : code & 0xff;
}

/** Returns the status of `rm`: 1 if a container is missing, else 2 if one runs, else 125. */
export function removeStatus(errors: readonly unknown[]): number {
  if (errors.some((error) => isTspodError(error, 'NO_SUCH_CONTAINER'))) return 1;
  return errors.some((error) => isTspodError(error, 'STATE_INVALID') || isTspodError(error, 'STATE_RUNNING'))
    ? 2
    : EXIT_FAILURE;
}
