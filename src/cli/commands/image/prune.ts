import type { Command } from '../../command-parts/definition.js';
import { noArguments } from '../../command-parts/no-arguments.js';
import { confirmed } from '../../terminal/confirm.js';
import { IMAGE_FILTERS, parseFilters } from '../../parse/filters.js';
import { reportErrors } from '../../errors/report-error.js';

export const command: Command = {
  name: 'prune',
  summary: 'Remove unused images',
  description: 'Removes images that have no name and that no container uses; with --all also those with names.',
  usage: '[options]',
  examples: ['image prune --force', 'image prune --all --force --filter until=24h'],
  flags: [
    { name: 'all', short: 'a', kind: 'bool', help: 'Also remove unused images with names' },
    { name: 'filter', kind: 'items', value: 'name=value', help: 'Remove those that match: label, label!, until' },
    { name: 'force', short: 'f', kind: 'bool', help: 'Do not ask for confirmation' },
    {
      name: 'external',
      kind: 'bool',
      hidden: true,
      help: 'Also remove images that external containers use (tspod has none)',
    },
  ],
  check: ({ args }) => noArguments(args, 'image prune'),
  run: async (context, { flags }) => {
    const all = flags.bool('all');
    const what = all ? 'all images without at least one container associated with them' : 'all dangling images';
    const warning = `This command removes ${what}.`;
    if (!flags.bool('force') && !(await confirmed(context, warning))) return 0;
    const engine = await context.engine();
    const { removed, failed } = await engine.images.prune({
      all,
      filters: parseFilters(flags.list('filter'), IMAGE_FILTERS),
    });
    await context.out(removed.flatMap(({ deleted }) => (deleted === undefined ? [] : [`${deleted}\n`])).join(''));
    return reportErrors(context, [...failed.values()]);
  },
};
