import { invalid } from '../../errors/cli-error.js';
import type { Command } from '../../command-parts/definition.js';

export const command: Command = {
  name: 'disconnect',
  summary: 'Remove a container from a network',
  description: 'Disconnects a container from a network: a running container loses its interface immediately.',
  usage: '[options] NETWORK CONTAINER',
  examples: ['network disconnect web db'],
  flags: [{ name: 'force', short: 'f', kind: 'bool', help: 'Accepted for compatibility with Podman; no effect' }],
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
