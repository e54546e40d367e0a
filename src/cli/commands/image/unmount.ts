import { invalid } from '../../errors/cli-error.js';
import type { Command } from '../../command-parts/definition.js';
import { forEachName } from '../../targets/for-each-name.js';

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
  completion: ['images'],
  check: ({ args, flags }) => {
    if (args.length === 0 && !flags.bool('all')) throw invalid('image name or ID must be specified');
    if (args.length > 0 && flags.bool('all'))
      throw invalid('when using the --all switch, you may not pass any image names or IDs');
  },
  run: async (context, { args, flags }) => {
    const engine = await context.engine();
    const mounted = engine.images.mounted().map(({ image }) => image.id);
    const names = flags.bool('all') ? mounted : args;
    return forEachName(context, names, {
      act: async (name) => {
        const { id } = engine.images.get(name);
        await engine.images.unmount(name, { force: flags.bool('force') });
        return mounted.includes(id) ? `${id}\n` : '';
      },
      atOnce: true,
    });
  },
};
