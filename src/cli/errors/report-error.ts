/** Reports errors on stderr, one line each. */
import { CliError, EXIT_FAILURE } from './cli-error.js';
import type { Context } from '../context.js';
import { isTspodError, messageOf } from '../../errors.js';
import { withFlags } from './flag-words.js';

/**
 * Reports an error; with --log-level debug also its stack. `doing`: the command, for errors that name neither a file
 * nor an action.
 */
export async function reportError(
  context: Pick<Context, 'err' | 'log'>,
  error: unknown,
  doing = 'tspod',
): Promise<void> {
  const hint = error instanceof CliError && error.hint !== undefined ? `${error.hint}\n` : '';
  await context.err(`Error: ${bareText(error, doing) ?? textOf(error)}\n${hint}`);
  if (error instanceof Error && !(error instanceof CliError)) await context.log('debug', error.stack ?? '');
}

/** Reports errors, one line each, and returns the exit status: 0 if there are none. */
export async function reportErrors(
  context: Pick<Context, 'err' | 'log'>,
  errors: readonly unknown[],
  status: (errors: readonly unknown[]) => number = () => EXIT_FAILURE,
): Promise<number> {
  for (const error of errors) await reportError(context, error);
  return errors.length === 0 ? 0 : status(errors);
}

function textOf(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  const isArgument = isTspodError(error, 'INVALID_ARGUMENT') || isTspodError(cause, 'INVALID_ARGUMENT');
  return isArgument ? withFlags(messageOf(error)) : messageOf(error);
}

/**
 * Rewrites Node's messages for failed system calls, such as `ENOSPC: no space left on device, write` or, with a path,
 * `ENOENT: no such file or directory, open '/a/b'`. Returns undefined for other messages.
 */
function bareText(error: unknown, doing: string): string | undefined {
  const pattern = /^(.*: )?E[A-Z0-9]+: ([^,]+), (\w+)(?: '(.*)')?$/s;
  const [, before, reason, call, path] = pattern.exec(messageOf(error)) ?? [];
  if (reason === undefined || call === undefined) return undefined;
  const what = before ?? (path === undefined ? `${doing}: ` : '');
  return `${what}${path === undefined ? call : `${call} ${path}`}: ${reason}`;
}
