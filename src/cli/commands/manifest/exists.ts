import { invalid } from '../../errors/cli-error.js';
import type { Command } from '../../command-parts/definition.js';

export const command: Command = {
  name: 'exists',
  summary: 'Check if a manifest list exists in the store',
  description: 'Exits with 0 if there is a list of this name or id, and with 1 if there is not.',
  usage: 'LIST',
  examples: ['manifest exists app:2 || tspod manifest create app:2'],
  flags: [],
  check: ({ args }) => {
    if (args.length !== 1) throw invalid(`accepts 1 arg(s), received ${args.length}`);
  },
  run: async (context, { args }) => {
    const engine = await context.engine();
    return engine.manifests.exists(args[0] ?? '') ? 0 : 1;
  },
};
