import { searchedRegistries } from '../../../engine/registries/registries.js';
import { isTspodError } from '../../../errors.js';
import type { Command } from '../../command-parts/definition.js';
import { noArguments } from '../../command-parts/no-arguments.js';
import { formatFlag } from '../../flags/format.js';
import { jsonText } from '../../terminal/escape.js';
import { isJsonFormat, lineOf, unescapeFormat } from '../../format/report.js';
import { renderTemplate } from '../../format/template.js';
import { yamlText } from '../../format/yaml.js';
import { infoReport, infoStruct } from '../../rows/info.js';

export const command: Command = {
  name: 'info',
  summary: 'Display system information',
  description: 'Prints facts about this machine and the store, and what the machine lacks, each with its remedy.',
  usage: '[options]',
  examples: ['info', "info --format '{{.Host.CgroupsVersion}}'", 'info --format json'],
  flags: [{ ...formatFlag('json'), short: 'f' }],
  completion: [[]],
  check: ({ args }) => noArguments(args, 'info'),
  run: async (context, { flags }) => {
    const engine = await context.engine();
    const report = infoReport({
      info: await engine.info(),
      globals: context.globals,
      images: engine.images.list().length,
      searched: searchedIn(),
    });
    const format = flags.text('format') ?? '';
    if (format === '') await context.out(yamlText(report));
    else if (isJsonFormat(format)) await context.out(`${jsonText(report, 2)}\n`);
    else await context.out(renderTemplate('info', lineOf(unescapeFormat(format)), infoStruct(report)));
    return 0;
  },
};

/**
 * Returns the registries that are searched; none if registries.conf is broken, which the commands that need it report.
 */
function searchedIn(): readonly string[] {
  try {
    return searchedRegistries();
  } catch (error) {
    if (isTspodError(error, 'INVALID_ARGUMENT')) return [];
    throw error;
  }
}
