import { stdinArchive } from '../../streams/archives.js';
import { invalid } from '../../errors/cli-error.js';
import type { Command } from '../../command-parts/definition.js';
import { showTransfer } from '../../transfer/display.js';

export const command: Command = {
  name: 'load',
  summary: 'Load images from an archive or a directory',
  description:
    'Loads all images of an archive that `tspod save`, `docker save`, Podman or Skopeo wrote, or of an OCI layout or a directory of Skopeo, with the names that they have there. Reads stdin unless a file is named.',
  usage: '[options]',
  examples: ['load --input app.tar', 'load < app.tar'],
  flags: [
    {
      name: 'input',
      short: 'i',
      kind: 'text',
      value: 'file',
      completion: 'file',
      help: 'Read from a file or a directory in place of stdin',
    },
    { name: 'quiet', short: 'q', kind: 'bool', help: 'Say nothing but the names' },
  ],
  check: ({ args }) => {
    if (args.length > 0) throw invalid(`accepts 0 arg(s), received ${args.length}`);
  },
  run: async (context, { flags }) => {
    const file = flags.text('input');
    const from = file ?? stdinArchive(' or the --input flag');
    const engine = await context.engine();
    const loaded = await showTransfer(context, flags.bool('quiet'), (shown) => engine.images.load(from, shown));
    for (const { image, names } of loaded)
      for (const name of names.length > 0 ? names : [`sha256:${image.id}`])
        await context.out(`Loaded image: ${name}\n`);
    return 0;
  },
};
