/** Common part of the commands that print a line for each volume. */
import { isTspodError } from '../../errors.js';
import { EXIT_FAILURE } from '../errors/cli-error.js';
import type { Context } from '../context.js';
import { forEachName } from './for-each-name.js';

/** Prints a line for each name and reports errors at the end. Returns the exit status. */
export function printEach(
  context: Context,
  names: readonly string[],
  line: (name: string) => Promise<string>,
): Promise<number> {
  return forEachName(context, names, {
    act: async (name) => `${await line(name)}\n`,
    status: (errors) => (errors.every((error) => isTspodError(error, 'NO_SUCH_VOLUME')) ? 1 : EXIT_FAILURE),
  });
}
