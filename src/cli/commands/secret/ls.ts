import type { Command } from '../../command-parts/definition.js';
import { noArguments } from '../../command-parts/no-arguments.js';
import { formatFlag } from '../../flags/format.js';
import { jsonText } from '../../terminal/escape.js';
import { tableText } from '../../format/columns.js';
import { isJsonFormat, renderReport } from '../../format/report.js';
import { parseFilters } from '../../parse/filters.js';
import { SECRET_HEADINGS, secretLine, secretLineStruct, secretReport } from '../../rows/secret.js';

export const command: Command = {
  name: 'ls',
  summary: 'List secrets',
  description: 'Lists secrets, without their content.',
  usage: '[options]',
  examples: ['secret ls', "secret ls --filter name=token --format '{{.ID}} {{.Name}}'"],
  flags: [
    {
      name: 'filter',
      short: 'f',
      kind: 'items',
      value: 'name=value',
      help: 'Show those that match: name, id, label, label!',
    },
    formatFlag('json', 'table'),
    { name: 'noheading', short: 'n', kind: 'bool', help: 'Do not print headings' },
    { name: 'quiet', short: 'q', kind: 'bool', help: 'Print ids only' },
  ],
  completion: [[]],
  check: ({ args }) => noArguments(args, 'secret ls'),
  run: async (context, { flags }) => {
    const engine = await context.engine();
    const secrets = engine.secrets.list({ filters: parseFilters(flags.list('filter'), 'any') });
    const heading = !flags.bool('noheading');
    const format = flags.text('format') ?? '';
    const now = new Date();
    if (flags.bool('quiet')) await context.out(secrets.map(({ id }) => `${id}\n`).join(''));
    else if (isJsonFormat(format)) {
      const found = secrets.map((secret) => secretReport(secret));
      await context.out(`${jsonText(found, 2)}\n`);
    } else if (format === '') {
      const title = heading ? [Object.values(SECRET_HEADINGS)] : [];
      await context.out(tableText([...title, ...secrets.map((secret) => Object.values(secretLine(secret, now)))]));
    } else {
      const rows = secrets.map((secret) => secretLineStruct(secret, now));
      await context.out(renderReport({ name: 'ls', format, rows, headings: SECRET_HEADINGS, heading }));
    }
    return 0;
  },
};
