/** From errors to exit statuses, as Podman's users know them. */
import type { ExitStatus } from '../../container/api/container.js';
import { isTspodError, messageOf, type ErrorCode } from '../../errors.js';
import { CliError, EXIT_FAILURE } from './cli-error.js';

const EXIT_NOT_EXECUTABLE = 126;
const EXIT_NOT_FOUND = 127;
/** -1 as the shell sees it: the state does not allow it, or the code is unknown. */
export const EXIT_UNKNOWN = 255;

/** An error that was already assigned a status by what the command was doing. */
export class StatusError extends Error {
  readonly exitCode: number;

  constructor(error: unknown, exitCode: number) {
    super(messageOf(error), { cause: error });
    this.name = 'StatusError';
    this.exitCode = exitCode;
  }
}

/** The status of an error that nothing more is known about. */
export function exitStatus(error: unknown): number {
  return error instanceof StatusError || error instanceof CliError ? error.exitCode : EXIT_FAILURE;
}

/** run: an error between create and the container's first instruction. */
export function startFailure(error: unknown): StatusError {
  return new StatusError(error, startStatus(error));
}

/** The command itself is missing: 127; whatever else keeps it from starting: 126. */
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

/** exec: the command could not be started. */
export function execFailure(error: unknown): StatusError {
  return new StatusError(error, (isTspodError(error) ? EXEC_STATUS[error.code] : undefined) ?? EXIT_FAILURE);
}

/** The status of a container that has ended: 255 if its time limit did that. */
export function endStatus(end: Pick<ExitStatus, 'exitCode' | 'timedOut'>): number {
  return end.timedOut ? EXIT_UNKNOWN : processStatus(end.exitCode);
}

/** An exit code as a process can have it: -1 (unknown) is 255. */
export function processStatus(code: number): number {
  return code < 0 ? EXIT_UNKNOWN : code & 0xff;
}

/** rm: 1 if one is missing, else 2 if one runs, else 125. */
export function removeStatus(errors: readonly unknown[]): number {
  if (errors.some((error) => isTspodError(error, 'NO_SUCH_CONTAINER'))) return 1;
  return errors.some((error) => isTspodError(error, 'STATE_INVALID') || isTspodError(error, 'STATE_RUNNING'))
    ? 2
    : EXIT_FAILURE;
}
