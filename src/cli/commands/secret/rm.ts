import { isTspodError } from '../../../errors.js';
import { EXIT_FAILURE, invalid } from '../../errors/cli-error.js';
import type { Command } from '../../command/definition.js';
import { reportError } from '../../errors/report-error.js';

export const command: Command = {
  name: 'rm',
  summary: 'Remove secrets',
  description: 'Removes secrets. Containers that have one keep it.',
  usage: '[options] SECRET [SECRET...]',
  examples: ['secret rm token', 'secret rm --all'],
  flags: [
    { name: 'all', short: 'a', kind: 'bool', help: 'Remove all secrets' },
    { name: 'ignore', short: 'i', kind: 'bool', help: 'A missing one is no error' },
  ],
  completion: ['secrets'],
  check: ({ args, flags }) => {
    if (args.length === 0 && !flags.bool('all'))
      throw invalid('`tspod secret rm` requires one argument, or the --all flag');
    if (args.length > 0 && flags.bool('all')) throw invalid('`tspod secret rm` takes no arguments with the --all flag');
  },
  run: async (context, { flags, args }) => {
    const engine = await context.engine();
    const isMissing = (error: unknown) => isTspodError(error, 'NO_SUCH_SECRET');
    const names = flags.bool('all') ? engine.secrets.list().map(({ id }) => id) : args;
    const errors: unknown[] = [];
    for (const name of names) {
      try {
        await context.out(`${await engine.secrets.remove(name)}\n`);
      } catch (error) {
        if (!isMissing(error) || !(flags.bool('ignore') || flags.bool('all'))) errors.push(error);
      }
    }
    for (const error of errors) await reportError(context, error);
    return errors.length === 0 ? 0 : EXIT_FAILURE;
  },
};
