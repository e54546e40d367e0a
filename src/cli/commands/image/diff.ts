import { isTspodError } from '../../../errors.js';
import { CliError, invalid } from '../../errors/cli-error.js';
import type { Command } from '../../command-parts/definition.js';
import { changesFormatFlag, changesText } from '../../rows/file-changes.js';

export const command: Command = {
  name: 'diff',
  summary: "Inspect changes to the image's file systems",
  description:
    'Lists the files that the top layer of an image has added (A), changed (C) and deleted (D), or the differences from a second image.',
  usage: '[options] IMAGE [IMAGE]',
  examples: ['image diff app:2', 'image diff --format json app:2 app:1'],
  flags: [changesFormatFlag],
  completion: ['images', 'images', []],
  check: ({ args }) => {
    if (args.length < 1 || args.length > 2) throw invalid(`accepts between 1 and 2 arg(s), received ${args.length}`);
  },
  run: async (context, { args, flags }) => {
    const [name = '', against] = args;
    const engine = await context.engine();
    try {
      await context.out(changesText(await engine.images.diff(name, against), flags.text('format')));
      return 0;
    } catch (error) {
      if (!isTspodError(error, 'NO_SUCH_IMAGE')) throw error;
      const { name: missing } = error.details;
      throw new CliError(`${typeof missing === 'string' ? missing : name} not found: ${error.message}`);
    }
  },
};
