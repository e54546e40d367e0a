import type { MountedImage } from '../../../engine/images/types.js';
import { EXIT_FAILURE, invalid } from '../../errors/cli-error.js';
import type { Command } from '../../command-parts/definition.js';
import type { Context } from '../../context.js';
import { jsonText } from '../../terminal/escape.js';
import { tableText } from '../../format/columns.js';
import { reportError } from '../../errors/report-error.js';
import { isTagged } from '../../../util/stored-name.js';

export const command: Command = {
  name: 'mount',
  summary: "Mount an image's root filesystem",
  description:
    'Mounts the files of images on the host, read-only, and prints where. Without images, lists those that are mounted.',
  usage: '[options] [IMAGE...]',
  examples: ['image mount app:2', 'image mount', 'image mount --format json'],
  flags: [
    { name: 'all', short: 'a', kind: 'bool', help: 'Mount all images' },
    { name: 'format', kind: 'text', value: 'format', help: 'Print the list as json' },
  ],
  completion: ['images'],
  check: ({ args, flags }) => {
    const format = flags.text('format') ?? '';
    if (format !== '' && format !== 'json') throw invalid(`unknown --format argument: ${format}`);
    if (args.length > 0 && flags.bool('all'))
      throw invalid('when using the --all switch, you may not pass any image names or IDs');
  },
  run: async (context, { args, flags }) => {
    const engine = await context.engine();
    const names = flags.bool('all') ? engine.images.list().map(({ id }) => id) : args;
    const format = flags.text('format') ?? '';
    if (names.length === 0) {
      await show(context, engine.images.mounted(), { format, bare: false });
      return 0;
    }
    const mounted: MountedImage[] = [];
    let failed = false;
    for (const name of names) {
      try {
        mounted.push({ path: await engine.images.mount(name), image: engine.images.get(name) });
      } catch (error) {
        failed = true;
        await reportError(context, error);
      }
    }
    await show(context, mounted, { format, bare: mounted.length === 1 && !flags.bool('all') });
    return failed ? EXIT_FAILURE : 0;
  },
};

/** Prints mounted images. `bare`: only the path, without a name, because there is just one. */
async function show(
  context: Context,
  mounted: readonly MountedImage[],
  { format, bare }: { readonly format: string; readonly bare: boolean },
): Promise<void> {
  if (format === 'json') {
    const rows = mounted.map(({ image, path }) => ({
      id: image.id,
      Names: image.digest === '' ? [] : [image.digest],
      Repositories: image.names.filter(isTagged),
      mountpoint: path,
    }));
    await context.out(`${jsonText(rows, 1)}\n`);
  } else if (mounted.length > 0) {
    const rows = mounted.map(({ image, path }) => [image.names.find(isTagged) ?? image.id, path]);
    await context.out(bare ? rows.map(([, path]) => `${path}\n`).join('') : tableText(rows));
  }
}
