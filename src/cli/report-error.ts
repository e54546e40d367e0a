/** Says on stderr what went wrong, in one line. */
import { CliError } from './cli-error.js';
import type { Context } from './context.js';
import { isTspodError } from '../errors.js';
import { messageOf } from './exit-status.js';
import { withFlags } from './flag-words.js';

/** With --log-level debug also where it comes from. */
export async function reportError(context: Pick<Context, 'err' | 'log'>, error: unknown): Promise<void> {
  const hint = error instanceof CliError && error.hint !== undefined ? `${error.hint}\n` : '';
  await context.err(`Error: ${textOf(error)}\n${hint}`);
  if (error instanceof Error && !(error instanceof CliError)) await context.log('debug', error.stack ?? '');
}

function textOf(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  const isArgument = isTspodError(error, 'INVALID_ARGUMENT') || isTspodError(cause, 'INVALID_ARGUMENT');
  return isArgument ? withFlags(messageOf(error)) : messageOf(error);
}
