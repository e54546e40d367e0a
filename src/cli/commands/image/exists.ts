import { invalid } from '../../errors/cli-error.js';
import type { Command } from '../../command-parts/definition.js';

export const command: Command = {
  name: 'exists',
  summary: 'Check if an image exists in the store',
  description: 'Exits with 0 if there is an image of this name or id, and with 1 if there is not.',
  usage: 'IMAGE',
  examples: ['image exists docker.io/library/alpine || tspod pull docker.io/library/alpine'],
  flags: [],
  completion: ['images', []],
  check: ({ args }) => {
    if (args.length !== 1) throw invalid(`accepts 1 arg(s), received ${args.length}`);
  },
  run: async (context, { args }) => {
    const engine = await context.engine();
    return engine.images.exists(args[0] ?? '') ? 0 : 1;
  },
};
