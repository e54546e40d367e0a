import type { Command } from '../../command-parts/definition.js';
import { noArguments } from '../../command-parts/no-arguments.js';
import { confirmed } from '../../terminal/confirm.js';
import { preciseSize } from '../../format/human.js';
import { parseFilters } from '../../parse/filters.js';
import { reportErrors } from '../../errors/report-error.js';

const FILTERS: ReadonlySet<string> = new Set(['label', 'label!', 'until']);

export const command: Command = {
  name: 'prune',
  summary: 'Remove unused data',
  description:
    'Removes pods and containers that are not running, unused networks that were created in this store, and unused images that have no name; with --all also unused images with names.',
  usage: '[options]',
  examples: ['system prune', 'system prune --all --force --filter until=24h'],
  flags: [
    { name: 'all', short: 'a', kind: 'bool', help: 'Also remove unused images with names' },
    { name: 'filter', kind: 'items', value: 'name=value', help: 'Remove those that match: label, label!, until' },
    { name: 'force', short: 'f', kind: 'bool', help: 'Do not ask for confirmation' },
    { name: 'volumes', kind: 'bool', help: 'Also remove unused volumes, with or without names' },
  ],
  check: ({ args }) => noArguments(args, 'system prune'),
  run: async (context, { flags }) => {
    const all = flags.bool('all');
    const volumes = flags.bool('volumes');
    const filters = parseFilters(flags.list('filter'), FILTERS);
    if (!flags.bool('force') && !(await confirmed(context, warning(all, volumes)))) return 0;
    const engine = await context.engine();
    const pruned = await engine.prune({ all, volumes, filters });
    const { containers, networks, images, reclaimed } = pruned;
    const deleted = images.removed.flatMap(({ deleted: id }) => (id === undefined ? [] : [id]));
    await context.out(
      [
        ...section('Deleted Pods', pruned.pods.done),
        ...section('Deleted Containers', containers.done),
        ...section('Deleted Images', deleted),
        ...section('Deleted Networks', networks.done),
        ...section('Deleted Volumes', pruned.volumes.done),
        `Total reclaimed space: ${preciseSize(reclaimed)}\n`,
      ].join(''),
    );
    const results = [pruned.pods, containers, networks, images, pruned.volumes];
    return reportErrors(
      context,
      results.flatMap(({ failed }) => [...failed.values()]),
    );
  },
};

function warning(all: boolean, volumes: boolean): string {
  const images = all ? 'all images without at least one container associated with them' : 'all dangling images';
  const removed = ['all stopped containers', 'all networks not used by at least one container', images];
  if (volumes) removed.push('all volumes not used by at least one container');
  return `This command removes:\n${removed.map((what) => `\t- ${what}\n`).join('')}`;
}

function section(heading: string, done: readonly string[]): readonly string[] {
  return done.length === 0 ? [] : [`${heading}\n`, ...done.map((id) => `${id}\n`)];
}
