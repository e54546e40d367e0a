/** Errors that only the command line can make: a line for the user and the exit status that goes with it. */

/** Exit status of every failure that has no better one. */
export const EXIT_FAILURE = 125;

export class CliError extends Error {
  readonly exitCode: number;
  /** A second line that says where help is. */
  readonly hint: string | undefined;

  constructor(message: string, options: { readonly exitCode?: number; readonly hint?: string } = {}) {
    super(message);
    this.name = 'CliError';
    this.exitCode = options.exitCode ?? EXIT_FAILURE;
    this.hint = options.hint;
  }
}

/** A flag's value, or a combination of flags, that makes no sense. */
export function invalid(message: string): CliError {
  return new CliError(message);
}

/** Something that Podman has and tspod has not. */
export function unsupported(what: string, reason: string): CliError {
  return new CliError(`${what} is not supported yet: ${reason}`);
}
