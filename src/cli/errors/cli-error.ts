/** Errors of the command line: a line for the user and an exit status. */

/** Exit status of failures without a more specific one. */
export const EXIT_FAILURE = 125;

export class CliError extends Error {
  readonly exitCode: number;
  /** Second line of the message, which says where help is. */
  readonly hint: string | undefined;

  constructor(message: string, options: { readonly exitCode?: number; readonly hint?: string } = {}) {
    super(message);
    this.name = 'CliError';
    this.exitCode = options.exitCode ?? EXIT_FAILURE;
    this.hint = options.hint;
  }
}

/** Makes an error for an invalid value, argument or combination of flags. */
export function invalid(message: string): CliError {
  return new CliError(message);
}

/** Makes an error for something that Podman supports and tspod does not. */
export function unsupported(what: string, reason: string): CliError {
  return new CliError(`${what} is not supported yet: ${reason}`);
}
