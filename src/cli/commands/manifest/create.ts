import { invalid } from '../../errors/cli-error.js';
import type { Command } from '../../command-parts/definition.js';
import { REGISTRY_FLAGS, registryAccess } from '../../flags/registry.js';

export const command: Command = {
  name: 'create',
  summary: 'Create manifest list or image index',
  description: 'Creates a list of images for several platforms, to be filled and pushed, and prints its id.',
  usage: '[options] LIST [IMAGE...]',
  examples: ['manifest create app:2', 'manifest create app:2 app:2-amd64 app:2-arm64'],
  flags: [
    { name: 'all', kind: 'bool', help: 'Add all images of an index' },
    { name: 'amend', short: 'a', kind: 'bool', help: 'Add to an existing list of this name' },
    ...REGISTRY_FLAGS,
  ],
  check: ({ args }) => {
    if (args.length === 0) throw invalid('requires at least 1 arg(s), only received 0');
  },
  run: async (context, { args, flags }) => {
    const [name = '', ...images] = args;
    const engine = await context.engine();
    const { id } = await engine.manifests.create(name, {
      images,
      all: flags.bool('all'),
      amend: flags.bool('amend'),
      registry: registryAccess(flags),
    });
    await context.out(`${id}\n`);
    return 0;
  },
};
