import type { ImageInspect } from '../../engine/images/types.js';
import { isTspodError } from '../../errors.js';
import { CliError, EXIT_FAILURE, invalid } from '../cli-error.js';
import type { Command } from '../command/definition.js';
import { jsonText } from '../escape.js';
import { fromJson, type JsonShape } from '../format/from-json.js';
import { isJsonFormat, renderReport } from '../format/report.js';
import { reportError } from '../report-error.js';

const INDENT = 5;

export const command: Command = {
  name: 'inspect',
  summary: 'Display the configuration of an image',
  description: 'Prints all that is known of images as JSON, or what a Go template makes of it.',
  usage: '[options] IMAGE [IMAGE...]',
  examples: ['image inspect alpine', "image inspect --format '{{.Config.Cmd}}' alpine"],
  flags: [
    {
      name: 'format',
      short: 'f',
      kind: 'text',
      value: 'template',
      default: 'json',
      completion: ['json'],
      help: 'json, or a Go template',
    },
  ],
  check: ({ args }) => {
    if (args.length === 0) throw invalid('no names or ids specified');
  },
  run: async (context, { flags, args }) => {
    const engine = await context.engine();
    const found: ImageInspect[] = [];
    const errors: unknown[] = [];
    for (const name of args) {
      try {
        found.push(engine.images.inspect(name));
      } catch (error) {
        if (!isTspodError(error, 'NO_SUCH_IMAGE')) throw error;
        errors.push(new CliError(`inspecting object: ${name}: image not known`));
      }
    }
    await context.out(imageInspectText(found, flags.text('format') ?? 'json'));
    for (const error of errors) await reportError(context, error);
    return errors.length === 0 ? 0 : EXIT_FAILURE;
  },
};

export function imageInspectText(found: readonly ImageInspect[], format: string): string {
  if (format === '' || isJsonFormat(format)) return `${jsonText(found, INDENT)}\n`;
  if (found.length === 0) return '\n';
  return renderReport({ name: 'inspect', format, rows: found.map((item) => fromJson(item, SHAPE)) });
}

const SHAPE: JsonShape = {
  maps: new Set(['Labels', 'Annotations', 'Data', 'ExposedPorts', 'Volumes']),
  times: new Set(['Created']),
  typeOf: (parent) => (parent === '' ? '*define.ImageData' : `define.${parent}`),
  aliasesOf: (names) => (names.includes('Id') ? { ID: 'Id' } : {}),
};
