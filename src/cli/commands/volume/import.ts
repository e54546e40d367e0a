import { stdinArchive } from '../../streams/archives.js';
import { invalid } from '../../errors/cli-error.js';
import type { Command } from '../../command-parts/definition.js';

export const command: Command = {
  name: 'import',
  summary: 'Unpack a tar archive into a volume',
  description:
    'Unpacks a tar archive, which may be compressed with gzip or zstd, into an existing volume. Files of the same names are replaced, the others stay. `-` is stdin.',
  usage: 'VOLUME PATH',
  examples: ['volume import data data.tar', 'volume export data | tspod volume import copy -'],
  flags: [],
  completion: ['volumes', 'file', []],
  check: ({ args }) => {
    if (args.length !== 2) throw invalid(`accepts 2 arg(s), received ${args.length}`);
  },
  run: async (context, { args }) => {
    const [name = '', path = ''] = args;
    const from = path === '-' ? stdinArchive() : path;
    const engine = await context.engine();
    await engine.volumes.import(name, from);
    return 0;
  },
};
