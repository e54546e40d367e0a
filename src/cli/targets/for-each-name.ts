/**
 * Applies an action to each of several names in turn; common part of the commands that remove or look up things by
 * name.
 */
import type { Context } from '../context.js';
import { EXIT_FAILURE } from '../errors/cli-error.js';
import { reportError, reportErrors } from '../errors/report-error.js';

export interface NameActions<Name> {
  /** Performs the action and returns what is printed. */
  readonly act: (name: Name) => string | Promise<string>;
  /** Whether an error counts as success. @default none does */
  readonly isDone?: (error: unknown) => boolean;
  /** Whether to report errors as they occur instead of after the last name. @default false */
  readonly atOnce?: boolean;
  /** Returns the exit status for errors. @default 125 */
  readonly status?: (errors: readonly unknown[]) => number;
}

/** Acts on all names, also after an error, and returns the exit status. */
export async function forEachName<Name>(
  context: Context,
  names: readonly Name[],
  { act, isDone = () => false, atOnce = false, status = () => EXIT_FAILURE }: NameActions<Name>,
): Promise<number> {
  const errors: unknown[] = [];
  for (const name of names) {
    try {
      await context.out(await act(name));
    } catch (error) {
      if (isDone(error)) continue;
      errors.push(error);
      if (atOnce) await reportError(context, error);
    }
  }
  if (!atOnce) return reportErrors(context, errors, status);
  return errors.length === 0 ? 0 : status(errors);
}
