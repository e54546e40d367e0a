import { isTspodError } from '../../../errors.js';
import { CliError, invalid } from '../../errors/cli-error.js';
import type { Command } from '../../command-parts/definition.js';
import { imageStruct } from '../../rows/image-struct.js';
import { inspectEach, inspectFormatFlag, inspectReport } from '../../targets/inspect-each.js';

export const command: Command = {
  name: 'inspect',
  summary: 'Display the configuration of an image',
  description: 'Prints the details of images as JSON, or formatted by a Go template.',
  usage: '[options] IMAGE [IMAGE...]',
  examples: ['image inspect alpine', "image inspect --format '{{.Config.Cmd}}' alpine"],
  flags: [inspectFormatFlag],
  completion: ['images'],
  check: ({ args }) => {
    if (args.length === 0) throw invalid('no names or ids specified');
  },
  run: async (context, { flags, args }) => {
    const engine = await context.engine();
    const format = flags.text('format') ?? 'json';
    return inspectEach(context, args, {
      format,
      find: (name) => engine.images.inspect(name),
      missing: (name, error) =>
        isTspodError(error, 'NO_SUCH_IMAGE') ? new CliError(`inspecting object: ${name}: image not known`) : undefined,
      render: (found) => (found.length === 0 ? '\n' : inspectReport(format, found.map(imageStruct))),
    });
  },
};
