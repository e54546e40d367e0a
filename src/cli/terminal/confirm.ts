/** Asks for confirmation before something is removed. */
import { invalid } from '../errors/cli-error.js';
import type { Context } from '../context.js';

/** Prints a warning and returns whether the answer begins with y. Throws CliError at the end of the input. */
export async function confirmed(context: Context, warning: string): Promise<boolean> {
  await context.out(`WARNING! ${warning}\nAre you sure you want to continue? [y/N] `);
  const { createInterface } = await import('node:readline');
  const lines = createInterface({ input: process.stdin });
  const answer = await new Promise<string | undefined>((resolve) => {
    lines.once('line', resolve);
    lines.once('close', () => resolve(undefined));
  });
  lines.close();
  if (answer === undefined) throw invalid('EOF');
  return /^y/i.test(answer.trim());
}
