import { invalid } from '../../errors/cli-error.js';
import type { Command } from '../../command-parts/definition.js';
import { confirmed } from '../../terminal/confirm.js';
import { reportErrors } from '../../errors/report-error.js';

const REMOVED = ['pods', 'containers', 'networks', 'images', 'volumes', 'secrets'];

export const command: Command = {
  name: 'reset',
  summary: 'Remove all that the store has',
  description:
    'Ends all containers with SIGKILL and removes them, with all pods, networks, images, volumes and secrets of the store (that of --root). What was recorded of events stays, and so do the default network and those that others made.',
  usage: '[options]',
  examples: ['system reset', 'system reset --force'],
  flags: [{ name: 'force', short: 'f', kind: 'bool', help: 'Do not ask' }],
  check: ({ args }) => {
    if (args.length > 0) throw invalid('`tspod system reset` takes no arguments');
  },
  run: async (context, { flags }) => {
    const engine = await context.engine();
    if (!flags.bool('force') && !(await confirmed(context, warning(engine.root)))) return 0;
    const { pods, containers, networks, images, manifestLists, volumes, secrets } = await engine.reset();
    const results = [pods, containers, networks, images, manifestLists, volumes, secrets];
    return reportErrors(
      context,
      results.flatMap(({ failed }) => [...failed.values()]),
    );
  },
};

function warning(root: string): string {
  return `This will remove, from ${root}:\n${REMOVED.map((what) => `\t- all ${what}\n`).join('')}`;
}
