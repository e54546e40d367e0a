/** What the commands that say something of each volume have in common. */
import { isTspodError } from '../../errors.js';
import { EXIT_FAILURE } from '../errors/cli-error.js';
import type { Context } from '../context.js';
import { reportError } from '../errors/report-error.js';

/** Prints a line for each; what fails is said at the end. Answers the exit status. */
export async function printEach(
  context: Context,
  names: readonly string[],
  line: (name: string) => Promise<string>,
): Promise<number> {
  const errors: unknown[] = [];
  for (const name of names) {
    try {
      await context.out(`${await line(name)}\n`);
    } catch (error) {
      errors.push(error);
    }
  }
  for (const error of errors) await reportError(context, error);
  if (errors.length === 0) return 0;
  return errors.every((error) => isTspodError(error, 'NO_SUCH_VOLUME')) ? 1 : EXIT_FAILURE;
}
