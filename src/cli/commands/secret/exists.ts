import { invalid } from '../../errors/cli-error.js';
import type { Command } from '../../command-parts/definition.js';

export const command: Command = {
  name: 'exists',
  summary: 'Check if a secret exists',
  description: 'Exits with 0 if there is a secret of this name or id, and with 1 if there is not.',
  usage: 'SECRET',
  examples: ['secret exists token || tspod secret create token token.txt'],
  flags: [],
  completion: ['secrets', []],
  check: ({ args }) => {
    if (args.length !== 1) throw invalid(`accepts 1 arg(s), received ${args.length}`);
  },
  run: async (context, { args }) => {
    const engine = await context.engine();
    return engine.secrets.exists(args[0] ?? '') ? 0 : 1;
  },
};
