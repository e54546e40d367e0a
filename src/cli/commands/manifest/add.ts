import { invalid } from '../../errors/cli-error.js';
import type { Command } from '../../command-parts/definition.js';
import { REGISTRY_FLAGS, registryAccess } from '../../flags/registry.js';
import { ENTRY_FLAGS, entryOptions } from '../../flags/manifest.js';

export const command: Command = {
  name: 'add',
  summary: 'Add images to a manifest list or image index',
  description:
    'Adds images from the store, or else from a registry, to a list. From an index, adds the image for this machine, or for the platform given by flags; with --all, all of its images.',
  usage: '[options] LIST IMAGE [IMAGE...]',
  examples: ['manifest add app:2 app:2-amd64', 'manifest add --all app:2 docker://quay.io/team/app:2'],
  flags: [{ name: 'all', kind: 'bool', help: 'Add all images of an index' }, ...ENTRY_FLAGS, ...REGISTRY_FLAGS],
  check: ({ args }) => {
    if (args.length < 2) throw invalid(`requires at least 2 arg(s), only received ${args.length}`);
  },
  run: async (context, { args, flags }) => {
    const [list = '', ...images] = args;
    const engine = await context.engine();
    const options = { all: flags.bool('all'), registry: registryAccess(flags), ...entryOptions(flags) };
    let id = '';
    for (const image of images) ({ id } = await engine.manifests.add(list, image, options));
    await context.out(`${id}\n`);
    return 0;
  },
};
