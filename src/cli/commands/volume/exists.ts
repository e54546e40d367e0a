import { invalid } from '../../errors/cli-error.js';
import type { Command } from '../../command-parts/definition.js';

export const command: Command = {
  name: 'exists',
  summary: 'Check if a volume exists',
  description: 'Exits with 0 if there is a volume of this name, and with 1 if there is not.',
  usage: 'VOLUME',
  examples: ['volume exists data || tspod volume create data'],
  flags: [],
  completion: ['volumes', []],
  check: ({ args }) => {
    if (args.length !== 1) throw invalid(`accepts 1 arg(s), received ${args.length}`);
  },
  run: async (context, { args }) => {
    const engine = await context.engine();
    return engine.volumes.exists(args[0] ?? '') ? 0 : 1;
  },
};
