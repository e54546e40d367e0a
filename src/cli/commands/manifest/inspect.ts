import { invalid } from '../../errors/cli-error.js';
import type { Command } from '../../command-parts/definition.js';
import { jsonText } from '../../terminal/escape.js';
import { REGISTRY_FLAGS, registryAccess } from '../../flags/registry.js';

export const command: Command = {
  name: 'inspect',
  summary: 'Display the contents of a manifest list or image index',
  description: 'Prints a list as it would be pushed, or else the manifest or index that a registry has under the name.',
  usage: '[options] LIST',
  examples: ['manifest inspect app:2', 'manifest inspect docker://quay.io/team/app:2'],
  flags: [...REGISTRY_FLAGS],
  check: ({ args }) => {
    if (args.length !== 1) throw invalid(`accepts 1 arg(s), received ${args.length}`);
  },
  run: async (context, { args, flags }) => {
    const [name = ''] = args;
    const engine = await context.engine();
    const found = engine.manifests.exists(name)
      ? engine.manifests.get(name).index
      : await engine.manifests.fetch(name, { registry: registryAccess(flags) });
    await context.out(`${jsonText(found, 4)}\n`);
    return 0;
  },
};
