import { invalid } from '../../errors/cli-error.js';
import type { Command } from '../../command-parts/definition.js';
import { ENTRY_FLAGS, entryOptions, OS_FEATURES_FLAG } from '../../flags/manifest.js';

export const command: Command = {
  name: 'annotate',
  summary: 'Add or update information about an entry in a manifest list or image index',
  description:
    'Changes what a list says about one of its images, which is named by its digest, or as an image in the store.',
  usage: '[options] LIST IMAGE',
  examples: ['manifest annotate --arch arm64 --variant v8 app:2 sha256:...'],
  flags: [...ENTRY_FLAGS, OS_FEATURES_FLAG],
  check: ({ args }) => {
    if (args.length !== 2) throw invalid(`accepts 2 arg(s), received ${args.length}`);
  },
  run: async (context, { args, flags }) => {
    const [list = '', image = ''] = args;
    const engine = await context.engine();
    const { id } = engine.manifests.annotate(list, image, entryOptions(flags));
    await context.out(`${id}\n`);
    return 0;
  },
};
