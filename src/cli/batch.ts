/** Does one thing to several containers: each success is a line on stdout, each failure one on stderr. */
import type { Container } from '../container/api.js';
import type { Context } from './context.js';
import { EXIT_FAILURE } from './cli-error.js';
import { reportError } from './report-error.js';
import type { Selection } from './selection.js';

export interface BatchOptions {
  readonly act: (container: Container) => Promise<void>;
  /** What is printed of a success. @default how the user called the container */
  readonly line?: (container: Container) => string | undefined;
  /** @default 125 */
  readonly status?: (errors: readonly unknown[]) => number;
}

/** All at the same time; names are printed in the order of the command line. The exit status. */
export async function actOnAll(context: Context, selection: Selection, options: BatchOptions): Promise<number> {
  const results = await Promise.all(
    selection.targets.map(async ({ container, shown }) => {
      try {
        await options.act(container);
        return { shown: options.line?.(container) ?? shown };
      } catch (error) {
        return { error };
      }
    }),
  );
  const errors = [...selection.errors];
  for (const result of results) {
    if ('error' in result) errors.push(result.error);
    else await context.out(`${result.shown}\n`);
  }
  for (const error of errors) await reportError(context, error);
  return errors.length === 0 ? 0 : (options.status?.(errors) ?? EXIT_FAILURE);
}
