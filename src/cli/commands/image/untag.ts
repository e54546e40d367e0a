import { invalid } from '../../errors/cli-error.js';
import type { Command } from '../../command-parts/definition.js';

export const command: Command = {
  name: 'untag',
  summary: 'Remove names from an image',
  description: 'Removes names from an image, or all its names if none is given. The image stays.',
  usage: 'IMAGE [NAME...]',
  examples: ['untag registry.local/base:1', 'untag 3f2a91b0 registry.local/base:1'],
  flags: [],
  completion: ['images'],
  check: ({ args }) => {
    if (args.length === 0) throw invalid('requires at least 1 arg(s), only received 0');
  },
  run: async (context, { args }) => {
    const [image = '', ...names] = args;
    const engine = await context.engine();
    engine.images.untag(image, ...names);
    return 0;
  },
};
