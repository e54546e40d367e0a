/** The errors that tspod throws on purpose. Match on `code`, not on the class or the text. */

/** What went wrong, as a stable word. docs/errors.md lists all codes with their remedies. */
export type ErrorCode =
  | 'INVALID_ARGUMENT'
  | 'NO_SUCH_FILE'
  | 'BAD_ARCHIVE'
  | 'BAD_IMAGE'
  | 'DIGEST_MISMATCH'
  | 'REGISTRY_ERROR'
  | 'REGISTRY_UNREACHABLE'
  | 'UNAUTHORIZED'
  | 'NO_SUCH_CONTAINER'
  | 'NO_SUCH_EXEC_SESSION'
  | 'NO_SUCH_IMAGE'
  | 'IMAGE_IN_USE'
  | 'NO_SUCH_NETWORK'
  | 'NETWORK_EXISTS'
  | 'NETWORK_IN_USE'
  | 'NETWORK_BROKEN'
  | 'NOT_CONNECTED'
  | 'ALREADY_CONNECTED'
  | 'NO_SUCH_VOLUME'
  | 'VOLUME_EXISTS'
  | 'VOLUME_IN_USE'
  | 'NO_SUCH_POD'
  | 'POD_PARTIAL_FAIL'
  | 'INFRA_CONTAINER'
  | 'INIT_CONTAINER_FAILED'
  | 'NO_SUCH_SECRET'
  | 'SECRET_EXISTS'
  | 'ADDRESS_IN_USE'
  | 'NO_FREE_ADDRESS'
  | 'NO_FREE_PORT'
  | 'PORT_IN_USE'
  | 'AMBIGUOUS'
  | 'EMPTY_ID'
  | 'NAME_IN_USE'
  | 'HAS_DEPENDENTS'
  | 'DEPENDENCY_FAILED'
  | 'STATE_INVALID'
  | 'STATE_RUNNING'
  | 'CONTAINER_STOPPED'
  | 'NO_CGROUPS'
  | 'NO_LOGS'
  | 'NO_HEALTHCHECK'
  | 'LAUNCH_FAILED'
  | 'UPDATE_FAILED'
  | 'COMMAND_NOT_FOUND'
  | 'COMMAND_NOT_EXECUTABLE'
  | 'NO_SUCH_USER'
  | 'MONITOR_DIED'
  | 'ABORTED'
  | 'TIMED_OUT'
  | 'OUTPUT_TOO_LARGE'
  | 'ENGINE_CLOSED'
  | 'STORE_BROKEN'
  | 'STORE_NEWER'
  | 'STORE_BUSY'
  | 'DISK_FULL'
  | 'PERMISSION_DENIED'
  | 'UNSUPPORTED_HOST'
  | 'NOT_SUPPORTED';

export interface TspodErrorOptions {
  /** Machine-readable facts about the failure. @default none */
  readonly details?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/** An error that tspod throws on purpose; misuse (a wrong type, an unknown option) is a TypeError. */
export class TspodError extends Error {
  readonly code: ErrorCode;
  /** Machine-readable facts about the failure; which keys there are depends on the code. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, options: TspodErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'TspodError';
    this.code = code;
    this.details = options.details ?? {};
  }
}

/** Makes (does not throw) an error with code INVALID_ARGUMENT. `message`: one line that names what the user gave. */
export function invalid(message: string, details: Readonly<Record<string, unknown>> = {}): TspodError {
  return new TspodError('INVALID_ARGUMENT', message, { details });
}

/**
 * Whether a value is a TspodError (also one from another copy of this module) and, if `code` is given, has that code.
 */
export function isTspodError<Code extends ErrorCode = ErrorCode>(
  error: unknown,
  code?: Code,
): error is TspodError & { readonly code: Code } {
  return (
    error instanceof Error && error.name === 'TspodError' && (code === undefined || (error as TspodError).code === code)
  );
}

/** Returns the text of any thrown value. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
