import { isTspodError } from '../../../errors.js';
import { invalid } from '../../errors/cli-error.js';
import type { Command } from '../../command-parts/definition.js';
import { forEachName } from '../../targets/for-each-name.js';

export const command: Command = {
  name: 'rm',
  summary: 'Remove secrets',
  description: 'Removes secrets. Containers that were given one keep it.',
  usage: '[options] SECRET [SECRET...]',
  examples: ['secret rm token', 'secret rm --all'],
  flags: [
    { name: 'all', short: 'a', kind: 'bool', help: 'Remove all secrets' },
    { name: 'ignore', short: 'i', kind: 'bool', help: 'Ignore missing secrets' },
  ],
  completion: ['secrets'],
  check: ({ args, flags }) => {
    if (args.length === 0 && !flags.bool('all'))
      throw invalid('`tspod secret rm` requires one argument, or the --all flag');
    if (args.length > 0 && flags.bool('all')) throw invalid('`tspod secret rm` takes no arguments with the --all flag');
  },
  run: async (context, { flags, args }) => {
    const engine = await context.engine();
    const mayMiss = flags.bool('ignore') || flags.bool('all');
    return forEachName(context, flags.bool('all') ? engine.secrets.list().map(({ id }) => id) : args, {
      act: async (name) => `${await engine.secrets.remove(name)}\n`,
      isDone: (error) => mayMiss && isTspodError(error, 'NO_SUCH_SECRET'),
    });
  },
};
