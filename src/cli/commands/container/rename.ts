import { invalid } from '../../errors/cli-error.js';
import type { Command } from '../../command-parts/definition.js';
import { selectOne, withoutSlash } from '../../targets/containers.js';

export const command: Command = {
  name: 'rename',
  summary: 'Rename an existing container',
  description: 'Gives a container another name.',
  usage: 'CONTAINER NAME',
  examples: ['rename web web-old'],
  flags: [],
  completion: ['containers', []],
  check: ({ args }) => {
    if (args.length !== 2) throw invalid(`accepts 2 arg(s), received ${args.length}`);
  },
  run: async (context, { args }) => {
    const container = await selectOne(context, args[0]);
    await container.rename(withoutSlash(args[1] ?? ''));
    return 0;
  },
};
