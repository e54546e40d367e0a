import type { Command } from '../../command-parts/definition.js';
import { noArguments } from '../../command-parts/no-arguments.js';
import { confirmed } from '../../terminal/confirm.js';
import { parseFilters } from '../../parse/filters.js';
import { reportErrors } from '../../errors/report-error.js';

export const command: Command = {
  name: 'prune',
  summary: 'Remove unused volumes',
  description: 'Removes the anonymous volumes that no container uses, running or not; with --all also named ones.',
  usage: '[options]',
  examples: ['volume prune', 'volume prune --all --force --filter label!=keep'],
  flags: [
    { name: 'all', short: 'a', kind: 'bool', help: 'Also remove named volumes' },
    { name: 'dry-run', kind: 'bool', help: 'Only print what would be removed' },
    {
      name: 'filter',
      kind: 'items',
      value: 'name=value',
      help: 'Remove those that match: label, label!, until, and the others of `volume ls`',
    },
    { name: 'force', short: 'f', kind: 'bool', help: 'Do not ask for confirmation' },
  ],
  completion: [[]],
  check: ({ args }) => noArguments(args, 'volume prune'),
  run: async (context, { flags }) => {
    const engine = await context.engine();
    const options = { all: flags.bool('all'), filters: parseFilters(flags.list('filter'), 'any') };
    if (flags.bool('dry-run') || !flags.bool('force')) {
      const { done } = await engine.volumes.prune({ ...options, dryRun: true });
      const names = done.map((name) => `${name}\n`).join('');
      if (flags.bool('dry-run')) {
        await context.out(names);
        return 0;
      }
      if (done.length === 0) {
        await context.out('No dangling volumes found\n');
        return 0;
      }
      const warning = `This will remove all volumes not used by at least one container. The following volumes will be removed:\n${names.trimEnd()}`;
      if (!(await confirmed(context, warning))) return 0;
    }
    const { done, failed } = await engine.volumes.prune(options);
    await context.out(done.map((name) => `${name}\n`).join(''));
    return reportErrors(context, [...failed.values()]);
  },
};
