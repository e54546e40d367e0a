import { EXIT_FAILURE, invalid } from '../cli-error.js';
import type { Command } from '../command/definition.js';
import type { Context } from '../context.js';
import { parseFilters } from '../parse/filters.js';
import { reportError } from '../report-error.js';

export const command: Command = {
  name: 'prune',
  summary: 'Remove all non running containers',
  description: 'Removes all containers that do not run, with their layers and logs.',
  usage: '[options]',
  examples: ['container prune', 'container prune --force --filter until=24h'],
  flags: [
    { name: 'force', short: 'f', kind: 'bool', help: 'Do not ask' },
    { name: 'filter', kind: 'items', value: 'name=value', help: 'Remove those that match: label, label!, until' },
  ],
  check: ({ args }) => {
    if (args.length > 0) throw invalid('`tspod container prune` takes no arguments');
  },
  run: async (context, { flags }) => {
    if (!flags.bool('force') && !(await confirmed(context))) return 0;
    const engine = await context.engine();
    const { done, failed } = await engine.containers.prune({ filters: parseFilters(flags.list('filter')) });
    await context.out(done.map((id) => `${id}\n`).join(''));
    for (const error of failed.values()) await reportError(context, error);
    return failed.size === 0 ? 0 : EXIT_FAILURE;
  },
};

async function confirmed(context: Context): Promise<boolean> {
  await context.out('WARNING! This will remove all non running containers.\nAre you sure you want to continue? [y/N] ');
  const { createInterface } = await import('node:readline');
  const lines = createInterface({ input: process.stdin });
  const answer = await new Promise<string | undefined>((resolve) => {
    lines.once('line', resolve);
    lines.once('close', () => resolve(undefined));
  });
  lines.close();
  if (answer === undefined) throw invalid('EOF');
  return /^y/i.test(answer.trim());
}
