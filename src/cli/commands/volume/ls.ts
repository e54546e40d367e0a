import type { VolumeInspect, Volumes } from '../../../engine/volumes/types.js';
import { isTspodError } from '../../../errors.js';
import type { Command } from '../../command-parts/definition.js';
import { noArguments } from '../../command-parts/no-arguments.js';
import { formatFlag } from '../../flags/format.js';
import { jsonText } from '../../terminal/escape.js';
import { tableText } from '../../format/columns.js';
import { isJsonFormat, renderReport } from '../../format/report.js';
import { parseFilters } from '../../parse/filters.js';
import { VOLUME_HEADINGS, volumeStruct } from '../../rows/volume.js';

export const command: Command = {
  name: 'ls',
  summary: 'List volumes',
  description: 'Lists volumes, including the anonymous ones of containers.',
  usage: '[options]',
  examples: ['volume ls', "volume ls --filter dangling=true --format '{{.Name}} {{.Mountpoint}}'"],
  flags: [
    {
      name: 'filter',
      short: 'f',
      kind: 'items',
      value: 'name=value',
      help: 'Show those that match: name, driver, scope, label, label!, opt, until, after, since, dangling, anonymous',
    },
    formatFlag('json', 'table'),
    { name: 'noheading', short: 'n', kind: 'bool', help: 'Do not print headings' },
    { name: 'quiet', short: 'q', kind: 'bool', help: 'Print names only' },
  ],
  completion: [[]],
  check: ({ args }) => noArguments(args, 'volume ls'),
  run: async (context, { flags }) => {
    const engine = await context.engine();
    const names = engine.volumes.list({ filters: parseFilters(flags.list('filter'), 'any') }).map(({ name }) => name);
    const heading = !flags.bool('noheading');
    const format = flags.text('format') ?? '';
    if (flags.bool('quiet')) await context.out(names.map((name) => `${name}\n`).join(''));
    else if (format === '') {
      const title = heading && names.length > 0 ? [['DRIVER', 'VOLUME NAME']] : [];
      await context.out(tableText([...title, ...names.map((name) => ['local', name])]));
    } else {
      const found = names.flatMap((name) => inspectPresent(engine.volumes, name));
      if (isJsonFormat(format)) await context.out(`${jsonText(found, 2)}\n`);
      else {
        const rows = found.map(volumeStruct);
        await context.out(renderReport({ name: 'ls', format, rows, headings: VOLUME_HEADINGS, heading }));
      }
    }
    return 0;
  },
};

/** Returns the details of a volume; nothing if it was removed meanwhile. */
function inspectPresent(volumes: Volumes, name: string): readonly VolumeInspect[] {
  try {
    return [volumes.inspect(name)];
  } catch (error) {
    if (isTspodError(error, 'NO_SUCH_VOLUME')) return [];
    throw error;
  }
}
