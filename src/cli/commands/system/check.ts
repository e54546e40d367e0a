import { EXIT_FAILURE, invalid } from '../../errors/cli-error.js';
import type { Command } from '../../command-parts/definition.js';

export const command: Command = {
  name: 'check',
  summary: 'Check whether the store is whole',
  description:
    'Looks whether the database is whole, and whether all that images and volumes need is there, and nothing else; with --repair puts it right: a damaged database is made anew of what can be read of it and lies on the disk (the damaged one stays beside it), what images do not need goes, directories without a volume become volumes. Exits with 125 if something is wrong and was not repaired.',
  usage: '[options]',
  examples: ['system check', 'system check --repair'],
  flags: [
    { name: 'quick', short: 'q', kind: 'bool', help: 'Do not read all files (which is never done)' },
    {
      name: 'repair',
      short: 'r',
      kind: 'bool',
      help: 'Save what a damaged database holds; remove images that are damaged and what none needs; put volumes right',
    },
  ],
  check: ({ args }) => {
    if (args.length > 0) throw invalid('`tspod system check` takes no arguments');
  },
  run: async (context, { flags }) => {
    const { problems, repaired } = await context.checkStore({ repair: flags.bool('repair') });
    await context.out(problems.map((problem) => `${problem}\n`).join(''));
    return repaired ? 0 : EXIT_FAILURE;
  },
};
