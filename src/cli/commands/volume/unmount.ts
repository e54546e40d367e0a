import { invalid } from '../../errors/cli-error.js';
import type { Command } from '../../command-parts/definition.js';
import { printEach } from '../../targets/each-volume.js';

export const command: Command = {
  name: 'unmount',
  summary: 'Undo a volume mount',
  description: 'Prints the names of volumes: nothing was mounted, so there is nothing to undo.',
  usage: 'VOLUME [VOLUME...]',
  examples: ['volume unmount data'],
  flags: [],
  completion: ['volumes'],
  check: ({ args }) => {
    if (args.length === 0) throw invalid('requires at least 1 arg(s), only received 0');
  },
  run: (context, { args }) => printEach(context, args, async (name) => (await context.engine()).volumes.get(name).name),
};
