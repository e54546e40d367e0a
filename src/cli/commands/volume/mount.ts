import { invalid } from '../../errors/cli-error.js';
import type { Command } from '../../command-parts/definition.js';
import { printEach } from '../../targets/each-volume.js';

export const command: Command = {
  name: 'mount',
  summary: 'Print where the files of volumes are',
  description:
    'Prints the directory of each volume; nothing needs to be mounted for that. A volume that is a directory of the host is refused: its options say where it is.',
  usage: 'VOLUME [VOLUME...]',
  examples: ['ls "$(tspod volume mount data)"'],
  flags: [],
  completion: ['volumes'],
  check: ({ args }) => {
    if (args.length === 0) throw invalid('requires at least 1 arg(s), only received 0');
  },
  run: (context, { args }) =>
    printEach(context, args, async (name) => {
      const { mountpoint, options } = (await context.engine()).volumes.get(name);
      if (options['device'] !== undefined)
        throw invalid(`volume ${name} is the directory ${options['device']} of the host: it is not mounted elsewhere`);
      return mountpoint;
    }),
};
