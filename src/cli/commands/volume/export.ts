import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';

import { OUTPUT_FLAG, refuseTerminal } from '../../streams/archives.js';
import { invalid } from '../../errors/cli-error.js';
import type { Command } from '../../command-parts/definition.js';
import { outputStream } from '../../streams/output.js';

export const command: Command = {
  name: 'export',
  summary: 'Export the content of a volume as a tar archive',
  description: 'Writes the content of a volume as a tar archive.',
  usage: '[options] VOLUME',
  examples: ['volume export data > data.tar', 'volume export --output data.tar data'],
  flags: [OUTPUT_FLAG],
  completion: ['volumes', []],
  check: ({ args }) => {
    if (args.length !== 1) throw invalid(`accepts 1 arg(s), received ${args.length}`);
  },
  run: async (context, { args, flags }) => {
    const file = flags.text('output');
    const { stdout } = context.globals;
    refuseTerminal(context, file, 'export');
    const engine = await context.engine();
    const archive = await engine.volumes.export(args[0] ?? '');
    if (file === undefined && stdout === undefined) {
      archive.destroy();
      return 0;
    }
    await pipeline(archive, file === undefined ? outputStream(stdout ?? 1) : createWriteStream(file));
    return 0;
  },
};
