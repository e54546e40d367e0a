import { stdinArchive } from '../../streams/archives.js';
import { invalid } from '../../errors/cli-error.js';
import type { Command } from '../../command-parts/definition.js';
import { CHANGE_FLAG, PLATFORM_FLAGS, platformText } from '../../flags/platform.js';
import { showTransfer } from '../../transfer/display.js';

export const command: Command = {
  name: 'import',
  summary: 'Create an image from an archive of a root file system',
  description:
    'Creates an image with one layer from a tar archive, which may be compressed with gzip or zstd, and prints its id. `-` is stdin.',
  usage: '[options] PATH [REFERENCE]',
  examples: ['import root.tar app:1', 'export web | tspod import -c \'CMD ["/bin/sh"]\' - web:copy'],
  flags: [
    ...PLATFORM_FLAGS.filter(({ name }) => name !== 'platform'),
    CHANGE_FLAG,
    { name: 'message', short: 'm', kind: 'text', value: 'text', help: 'Comment in the history of the image' },
    { name: 'quiet', short: 'q', kind: 'bool', help: 'Print only the id' },
  ],
  check: ({ args, flags }) => {
    if (args.length < 1 || args.length > 2) throw invalid(`accepts between 1 and 2 arg(s), received ${args.length}`);
    if (/^https?:\/\//.test(args[0] ?? ''))
      throw invalid('importing from a URL is not supported: download the archive, and import `-`');
    platformText(flags);
  },
  run: async (context, { args, flags }) => {
    const [path = '', name] = args;
    const from = path === '-' ? stdinArchive() : path;
    const [message, platform] = [flags.text('message'), platformText(flags)];
    const engine = await context.engine();
    const options = {
      changes: flags.list('change'),
      ...(name === undefined ? {} : { name }),
      ...(message === undefined ? {} : { message }),
      ...(platform === undefined ? {} : { platform }),
    };
    const image = await showTransfer(context, flags.bool('quiet'), (shown) =>
      engine.images.import(from, { ...options, ...shown }),
    );
    await context.out(`sha256:${image.id}\n`);
    return 0;
  },
};
