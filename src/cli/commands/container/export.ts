import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';

import { OUTPUT_FLAG, refuseTerminal } from '../../streams/archives.js';
import { invalid } from '../../errors/cli-error.js';
import type { Command } from '../../command-parts/definition.js';
import { outputStream } from '../../streams/output.js';
import { selectOne } from '../../targets/containers.js';

export const command: Command = {
  name: 'export',
  summary: "Export container's filesystem contents as a tar archive",
  description:
    'Writes the root file system of a container as a tar archive, without what is mounted in it. Works on running and stopped ones.',
  usage: '[options] CONTAINER',
  examples: ['export web > web.tar', 'export --output web.tar web'],
  flags: [OUTPUT_FLAG],
  completion: ['containers', []],
  check: ({ args, flags }) => {
    if (args.length !== 1) throw invalid(`accepts 1 arg(s), received ${args.length}`);
    if (flags.text('output')?.includes(':') === true)
      throw invalid(`invalid filename (should not contain ':') "${flags.text('output')}"`);
  },
  run: async (context, { args, flags }) => {
    const file = flags.text('output');
    const { stdout } = context.globals;
    refuseTerminal(context, file, 'export');
    const container = await selectOne(context, args[0]);
    if (file === undefined && stdout === undefined) return 0;
    const archive = await container.export();
    await pipeline(archive, file === undefined ? outputStream(stdout ?? 1) : createWriteStream(file));
    return 0;
  },
};
