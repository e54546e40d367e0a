import { invalid } from '../../errors/cli-error.js';
import type { Command } from '../../command-parts/definition.js';

export const command: Command = {
  name: 'remove',
  summary: 'Remove an entry from a manifest list or image index',
  description: 'Removes an image, named by its digest or as an image in the store, from a list.',
  usage: 'LIST IMAGE',
  examples: ['manifest remove app:2 sha256:...'],
  flags: [],
  check: ({ args }) => {
    if (args.length !== 2) throw invalid(`accepts 2 arg(s), received ${args.length}`);
  },
  run: async (context, { args }) => {
    const [list = '', image = ''] = args;
    const engine = await context.engine();
    await context.out(`${engine.manifests.removeEntry(list, image).id}\n`);
    return 0;
  },
};
