import { createReadStream } from 'node:fs';

import { CliError, invalid } from '../../cli-error.js';
import type { Command } from '../../command/definition.js';
import { isTerminal } from '../../output.js';

export const command: Command = {
  name: 'import',
  summary: 'Unpack a tar archive into a volume',
  description:
    'Unpacks a tar archive, which may be compressed with gzip or zstd, into a volume that there is. What has the same names is replaced, the rest stays. `-` is stdin.',
  usage: 'VOLUME PATH',
  examples: ['volume import data data.tar', 'volume export data | tspod volume import copy -'],
  flags: [],
  completion: ['volumes', 'file', []],
  check: ({ args }) => {
    if (args.length !== 2) throw invalid(`accepts 2 arg(s), received ${args.length}`);
  },
  run: async (context, { args }) => {
    const [name = '', path = ''] = args;
    if (path === '-' && (await isTerminal(0)))
      throw new CliError('cannot read from terminal, use command-line redirection');
    const engine = await context.engine();
    await engine.volumes.import(name, path === '-' ? createReadStream('', { fd: 0, autoClose: false }) : path);
    return 0;
  },
};
