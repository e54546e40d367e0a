/** Does one thing for each of several names, one after the other; what the commands that remove or look up things by name have in common. */
import type { Context } from '../context.js';
import { EXIT_FAILURE } from '../errors/cli-error.js';
import { reportError, reportErrors } from '../errors/report-error.js';

export interface NameActions<Name> {
  /** Answers what is printed of a success. */
  readonly act: (name: Name) => string | Promise<string>;
  /** An error that is none. @default there is no such */
  readonly isDone?: (error: unknown) => boolean;
  /** Errors are told as they come, not after the last name. @default false */
  readonly atOnce?: boolean;
  /** @default 125 */
  readonly status?: (errors: readonly unknown[]) => number;
}

/** No error keeps the next name from its turn. The exit status. */
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
