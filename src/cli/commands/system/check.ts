import { noArguments } from '../../command-parts/no-arguments.js';
import { EXIT_FAILURE } from '../../errors/cli-error.js';
import type { Command } from '../../command-parts/definition.js';

export const command: Command = {
  name: 'check',
  summary: 'Check the store for damage',
  description:
    'Checks that the database is intact, that everything that images and volumes need is there, and that nothing is left over. With --repair, fixes what is wrong: a damaged database is rebuilt from what can be read of it and what lies on the disk (the damaged one is kept beside it), files that no image needs are removed, and directories without a volume become volumes. Exits with 125 if something is wrong and was not repaired.',
  usage: '[options]',
  examples: ['system check', 'system check --repair'],
  flags: [
    { name: 'quick', short: 'q', kind: 'bool', help: 'Do not read all files (never done anyway)' },
    {
      name: 'repair',
      short: 'r',
      kind: 'bool',
      help: 'Recover what a damaged database holds; remove damaged images and unneeded files; repair volumes',
    },
  ],
  check: ({ args }) => noArguments(args, 'system check'),
  run: async (context, { flags }) => {
    const { problems, repaired } = await context.checkStore({ repair: flags.bool('repair') });
    await context.out(problems.map((problem) => `${problem}\n`).join(''));
    return repaired ? 0 : EXIT_FAILURE;
  },
};
