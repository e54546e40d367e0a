import { invalid } from '../../errors/cli-error.js';
import type { Command } from '../../command-parts/definition.js';

export const command: Command = {
  name: 'tag',
  summary: 'Add a name to an image',
  description: 'Adds names to an image. A name without a registry gets localhost, a name without a tag gets latest.',
  usage: 'IMAGE NAME [NAME...]',
  examples: ['tag alpine registry.local/base:1'],
  flags: [],
  completion: ['images', []],
  check: ({ args }) => {
    if (args.length < 2) throw invalid(`requires at least 2 arg(s), only received ${args.length}`);
  },
  run: async (context, { args }) => {
    const [image = '', ...names] = args;
    const engine = await context.engine();
    engine.images.tag(image, ...names);
    return 0;
  },
};
