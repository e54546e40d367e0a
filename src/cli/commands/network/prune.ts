import type { Command } from '../../command-parts/definition.js';
import { noArguments } from '../../command-parts/no-arguments.js';
import { confirmed } from '../../terminal/confirm.js';
import { parseFilters } from '../../parse/filters.js';
import { reportErrors } from '../../errors/report-error.js';

const WARNING = 'This will remove all networks not used by at least one container.';

export const command: Command = {
  name: 'prune',
  summary: 'Remove unused networks',
  description:
    'Removes the networks that were created in this store and that no container uses, running or not; the default network stays, and so do networks that other programs, such as Podman, created in the same directory.',
  usage: '[options]',
  examples: ['network prune', 'network prune --force --filter until=24h'],
  flags: [
    { name: 'force', short: 'f', kind: 'bool', help: 'Do not ask for confirmation' },
    { name: 'filter', kind: 'items', value: 'name=value', help: 'Remove those that match: label, label!, until' },
  ],
  completion: [[]],
  check: ({ args }) => noArguments(args, 'network prune'),
  run: async (context, { flags }) => {
    if (!flags.bool('force') && !(await confirmed(context, WARNING))) return 0;
    const engine = await context.engine();
    const { done, failed } = await engine.networks.prune({ filters: parseFilters(flags.list('filter'), 'any') });
    await context.out(done.map((name) => `${name}\n`).join(''));
    return reportErrors(context, [...failed.values()]);
  },
};
