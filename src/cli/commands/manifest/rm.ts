import { isTspodError } from '../../../errors.js';
import { EXIT_FAILURE, invalid } from '../../errors/cli-error.js';
import type { Command } from '../../command-parts/definition.js';
import { forEachName } from '../../targets/for-each-name.js';

export const command: Command = {
  name: 'rm',
  summary: 'Remove manifest list or image index from the store',
  description: 'Removes lists; their images stay.',
  usage: 'LIST [LIST...]',
  examples: ['manifest rm app:2'],
  flags: [],
  check: ({ args }) => {
    if (args.length === 0) throw invalid('requires at least 1 arg(s), only received 0');
  },
  run: async (context, { args }) => {
    const engine = await context.engine();
    return forEachName(context, args, {
      act: (name) => {
        const { names, id } = engine.manifests.remove(name);
        return `${names.map((gone) => `Untagged: ${gone}\n`).join('')}Deleted: ${id}\n`;
      },
      atOnce: true,
      status: (errors) => (errors.every((error) => isTspodError(error, 'NO_SUCH_IMAGE')) ? 1 : EXIT_FAILURE),
    });
  },
};
