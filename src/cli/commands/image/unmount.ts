import { EXIT_FAILURE, invalid } from '../../errors/cli-error.js';
import type { Command } from '../../command/definition.js';
import { reportError } from '../../errors/report-error.js';

export const command: Command = {
  name: 'unmount',
  summary: "Unmount an image's root filesystem",
  description:
    'Undoes one mount of each image; its files disappear from the host with the last one. Also called `umount`.',
  usage: '[options] IMAGE [IMAGE...]',
  examples: ['image unmount app:2', 'image unmount --all --force'],
  flags: [
    { name: 'all', short: 'a', kind: 'bool', help: 'Unmount all images that are mounted' },
    { name: 'force', short: 'f', kind: 'bool', help: 'Undo all mounts, not only one' },
  ],
  check: ({ args, flags }) => {
    if (args.length === 0 && !flags.bool('all')) throw invalid('image name or ID must be specified');
    if (args.length > 0 && flags.bool('all'))
      throw invalid('when using the --all switch, you may not pass any image names or IDs');
  },
  run: async (context, { args, flags }) => {
    const engine = await context.engine();
    const mounted = engine.images.mounted().map(({ image }) => image.id);
    const names = flags.bool('all') ? mounted : args;
    let failed = false;
    for (const name of names) {
      try {
        const { id } = engine.images.get(name);
        await engine.images.unmount(name, { force: flags.bool('force') });
        if (mounted.includes(id)) await context.out(`${id}\n`);
      } catch (error) {
        failed = true;
        await reportError(context, error);
      }
    }
    return failed ? EXIT_FAILURE : 0;
  },
};
