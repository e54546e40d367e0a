import { isTspodError } from '../../errors.js';
import { CliError, invalid } from '../cli-error.js';
import type { Command } from '../command/definition.js';
import { fromJson, type JsonShape } from '../format/from-json.js';
import { renderReport } from '../format/report.js';
import { inspectEach, inspectFormatFlag } from '../inspect-each.js';

export const command: Command = {
  name: 'inspect',
  summary: 'Display the configuration of an image',
  description: 'Prints all that is known of images as JSON, or what a Go template makes of it.',
  usage: '[options] IMAGE [IMAGE...]',
  examples: ['image inspect alpine', "image inspect --format '{{.Config.Cmd}}' alpine"],
  flags: [inspectFormatFlag],
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
      render: (found) =>
        found.length === 0
          ? '\n'
          : renderReport({ name: 'inspect', format, rows: found.map((item) => fromJson(item, SHAPE)) }),
    });
  },
};

const SHAPE: JsonShape = {
  maps: new Set(['Labels', 'Annotations', 'Data', 'ExposedPorts', 'Volumes']),
  times: new Set(['Created']),
  typeOf: (parent) => (parent === '' ? '*define.ImageData' : `define.${parent}`),
  aliasesOf: (names) => (names.includes('Id') ? { ID: 'Id' } : {}),
};
