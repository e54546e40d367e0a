import { isTspodError } from '../../../errors.js';
import { EXIT_FAILURE, invalid } from '../../errors/cli-error.js';
import type { Command } from '../../command/definition.js';
import { reportError } from '../../errors/report-error.js';

export const command: Command = {
  name: 'rm',
  summary: 'Remove manifest list or image index from the store',
  description: 'Forgets lists; their images stay.',
  usage: 'LIST [LIST...]',
  examples: ['manifest rm app:2'],
  flags: [],
  check: ({ args }) => {
    if (args.length === 0) throw invalid('requires at least 1 arg(s), only received 0');
  },
  run: async (context, { args }) => {
    const engine = await context.engine();
    let status = 0;
    for (const name of args) {
      try {
        const { names, id } = engine.manifests.remove(name);
        await context.out(`${names.map((gone) => `Untagged: ${gone}\n`).join('')}Deleted: ${id}\n`);
      } catch (error) {
        status = Math.max(status, isTspodError(error, 'NO_SUCH_IMAGE') ? 1 : EXIT_FAILURE);
        await reportError(context, error);
      }
    }
    return status;
  },
};
