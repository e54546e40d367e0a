import { invalid } from '../../errors/cli-error.js';
import type { Command } from '../../command-parts/definition.js';
import { withoutSlash } from '../../targets/containers.js';

export const command: Command = {
  name: 'exists',
  summary: 'Check if a container exists',
  description: 'Exits with 0 if there is a container of this name or id, and with 1 if there is not.',
  usage: '[options] CONTAINER',
  examples: ['container exists web || tspod run -d --name web host: sleep inf'],
  flags: [{ name: 'external', kind: 'bool', help: 'Also look for external containers (tspod has none)' }],
  completion: ['containers'],
  check: ({ args }) => {
    if (args.length !== 1) throw invalid(`accepts 1 arg(s), received ${args.length}`);
  },
  run: async (context, { args }) => {
    const engine = await context.engine();
    return engine.containers.exists(withoutSlash(args[0] ?? '')) ? 0 : 1;
  },
};
