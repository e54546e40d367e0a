import { invalid } from '../../errors/cli-error.js';
import type { Command } from '../../command-parts/definition.js';

export const command: Command = {
  name: 'disconnect',
  summary: 'Remove a container from a network',
  description: 'Takes a container off a network: a running container loses its interface at once.',
  usage: '[options] NETWORK CONTAINER',
  examples: ['network disconnect web db'],
  flags: [
    { name: 'force', short: 'f', kind: 'bool', help: 'Taken for scripts that give it: a disconnect needs no force' },
  ],
  completion: ['networks', 'containers', []],
  check: ({ args }) => {
    if (args.length !== 2) throw invalid(`accepts 2 arg(s), received ${args.length}`);
  },
  run: async (context, { args }) => {
    const engine = await context.engine();
    await engine.networks.disconnect(args[0] ?? '', args[1] ?? '');
    return 0;
  },
};
