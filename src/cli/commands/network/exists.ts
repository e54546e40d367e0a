import { invalid } from '../../errors/cli-error.js';
import type { Command } from '../../command-parts/definition.js';

export const command: Command = {
  name: 'exists',
  summary: 'Check if a network exists',
  description: 'Exits with 0 if there is a network of this name or id, and with 1 if there is not.',
  usage: 'NETWORK',
  examples: ['network exists web || tspod network create web'],
  flags: [],
  completion: ['networks', []],
  check: ({ args }) => {
    if (args.length !== 1) throw invalid(`accepts 1 arg(s), received ${args.length}`);
  },
  run: async (context, { args }) => {
    const engine = await context.engine();
    return engine.networks.exists(args[0] ?? '') ? 0 : 1;
  },
};
