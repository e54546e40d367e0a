import { invalid } from '../../errors/cli-error.js';
import type { Command } from '../../command-parts/definition.js';

export const command: Command = {
  name: 'exists',
  summary: 'Check if a pod exists',
  description: 'Exits with 0 if there is a pod of this name or id, and with 1 if there is not.',
  usage: 'POD',
  examples: ['pod exists web || tspod pod create web'],
  flags: [],
  completion: ['pods', []],
  check: ({ args }) => {
    if (args.length !== 1) throw invalid(`accepts 1 arg(s), received ${args.length}`);
  },
  run: async (context, { args }) => {
    const { pods } = await context.engine();
    return pods.exists(args[0] ?? '') ? 0 : 1;
  },
};
