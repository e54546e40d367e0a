import { isTspodError } from '../../../errors.js';
import { EXIT_FAILURE, invalid } from '../../errors/cli-error.js';
import type { Command } from '../../command-parts/definition.js';
import { forEachName } from '../../targets/for-each-name.js';

/** Podman's exit statuses for a missing image and for an image in use. */
const EXIT_MISSING = 1;
const EXIT_IN_USE = 2;

export const command: Command = {
  name: 'rmi',
  summary: 'Remove one or more images',
  description:
    'Removes names from images; an image that loses its last name is removed, with those of its files that no other image uses. An image that containers use is not removed without --force.',
  usage: '[options] IMAGE [IMAGE...]',
  examples: ['rmi alpine', 'rmi --force 3f2a91b0', 'rmi --all'],
  flags: [
    { name: 'all', short: 'a', kind: 'bool', help: 'Remove all images' },
    { name: 'force', short: 'f', kind: 'bool', help: 'Also remove containers that use the image, and all its names' },
    { name: 'ignore', short: 'i', kind: 'bool', help: 'Ignore missing images' },
    { name: 'no-prune', kind: 'bool', help: 'Keep dangling parents (there are none)' },
  ],
  completion: ['images'],
  check: ({ flags, args }) => {
    if (flags.bool('all') && args.length > 0)
      throw invalid('when using the --all switch, you may not pass any images names or IDs');
    if (!flags.bool('all') && args.length === 0) throw invalid('image name or ID must be specified');
  },
  run: async (context, { flags, args }) => {
    const engine = await context.engine();
    const force = flags.bool('force');
    const all = flags.bool('all') ? engine.images.list({ manifestLists: true }) : [];
    const names = flags.bool('all') ? all.map(({ id }) => id) : args;
    return forEachName(context, names, {
      act: async (name) => {
        // With --all, each image is removed with all its names, but not if containers are made of it.
        const wholly = all.some(({ id, containers }) => id === name && containers === 0);
        const { untagged, deleted } = await engine.images.remove(name, { force: force || wholly });
        const lines = untagged.map((gone) => `Untagged: ${gone}\n`);
        return [...lines, ...(deleted === undefined ? [] : [`Deleted: ${deleted}\n`])].join('');
      },
      isDone: (error) => isTspodError(error, 'NO_SUCH_IMAGE') && (flags.bool('ignore') || force),
      atOnce: true,
      // "In use" takes precedence over "missing", and any other error over both.
      status: (errors) => Math.max(...errors.map(statusOf)),
    });
  },
};

function statusOf(error: unknown): number {
  if (isTspodError(error, 'NO_SUCH_IMAGE')) return EXIT_MISSING;
  return isTspodError(error, 'IMAGE_IN_USE') ? EXIT_IN_USE : EXIT_FAILURE;
}
