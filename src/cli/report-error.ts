/** Says on stderr what went wrong, in one line. */
import { CliError } from './cli-error.js';
import type { Context } from './context.js';
import { messageOf } from './exit-status.js';

/** With --log-level debug also where it comes from. */
export async function reportError(context: Pick<Context, 'err' | 'log'>, error: unknown): Promise<void> {
  const hint = error instanceof CliError && error.hint !== undefined ? `${error.hint}\n` : '';
  await context.err(`Error: ${messageOf(error)}\n${hint}`);
  if (error instanceof Error && !(error instanceof CliError)) await context.log('debug', error.stack ?? '');
}
