import { stdinArchive } from '../../streams/archives.js';
import { invalid } from '../../errors/cli-error.js';
import type { Command } from '../../command-parts/definition.js';
import { showTransfer } from '../../transfer/display.js';

export const command: Command = {
  name: 'load',
  summary: 'Load images from an archive or a directory',
  description:
    'Loads all images from an archive written by `tspod save`, `docker save`, Podman or Skopeo, or from an OCI layout or a Skopeo directory, under the names recorded there. Reads stdin unless --input is given.',
  usage: '[options]',
  examples: ['load --input app.tar', 'load < app.tar'],
  flags: [
    {
      name: 'input',
      short: 'i',
      kind: 'text',
      value: 'file',
      completion: 'file',
      help: 'Read from a file or a directory instead of stdin',
    },
    { name: 'quiet', short: 'q', kind: 'bool', help: 'Print only the names' },
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
