import type { Command } from '../../command-parts/definition.js';
import { noArguments } from '../../command-parts/no-arguments.js';
import { confirmed } from '../../terminal/confirm.js';
import { parseFilters } from '../../parse/filters.js';
import { reportErrors } from '../../errors/report-error.js';

const WARNING = 'This will remove all non running containers.';

export const command: Command = {
  name: 'prune',
  summary: 'Remove all non running containers',
  description: 'Removes all containers that are not running, with their layers and logs.',
  usage: '[options]',
  examples: ['container prune', 'container prune --force --filter until=24h'],
  flags: [
    { name: 'force', short: 'f', kind: 'bool', help: 'Do not ask for confirmation' },
    { name: 'filter', kind: 'items', value: 'name=value', help: 'Remove those that match: label, label!, until' },
  ],
  check: ({ args }) => noArguments(args, 'container prune'),
  run: async (context, { flags }) => {
    if (!flags.bool('force') && !(await confirmed(context, WARNING))) return 0;
    const engine = await context.engine();
    const { done, failed } = await engine.containers.prune({ filters: parseFilters(flags.list('filter')) });
    await context.out(done.map((id) => `${id}\n`).join(''));
    return reportErrors(context, [...failed.values()]);
  },
};
