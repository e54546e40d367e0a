import { invalid } from '../../errors/cli-error.js';
import type { Command } from '../../command/definition.js';
import { jsonText } from '../../terminal/escape.js';
import { fromJson, type JsonShape } from '../../format/from-json.js';
import { isJsonFormat, lineOf, unescapeFormat } from '../../format/report.js';
import { renderTemplate } from '../../format/template.js';
import { yamlText } from '../../format/yaml.js';

export const command: Command = {
  name: 'info',
  summary: 'Display system information',
  description: 'Prints facts about this machine and the store, and what the machine lacks, each with its remedy.',
  usage: '[options]',
  examples: ['info', "info --format '{{.Host.CgroupVersion}}'", 'info --format json'],
  flags: [
    {
      name: 'format',
      short: 'f',
      kind: 'text',
      value: 'template',
      completion: ['json'],
      help: 'json, or a Go template',
    },
  ],
  completion: [[]],
  check: ({ args }) => {
    if (args.length > 0) throw invalid('`tspod info` takes no arguments');
  },
  run: async (context, { flags }) => {
    const info = await (await context.engine()).info();
    const format = flags.text('format') ?? '';
    if (format === '') await context.out(yamlText(info));
    else if (isJsonFormat(format)) await context.out(`${jsonText(info, 2)}\n`);
    else await context.out(renderTemplate('info', lineOf(unescapeFormat(format)), fromJson(info, SHAPE)));
    return 0;
  },
};

const SHAPE: JsonShape = {
  maps: new Set(),
  times: new Set(),
  typeOf: (parent) => (parent === '' ? '*define.Info' : `*define.${capitalized(parent)}Info`),
  // templates name fields with a capital, as Podman's do
  aliasesOf: (names) => Object.fromEntries(names.map((name) => [capitalized(name), name])),
};

function capitalized(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}
