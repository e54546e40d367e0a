import type { Command } from '../../command-parts/definition.js';
import { noArguments } from '../../command-parts/no-arguments.js';
import { confirmed } from '../../terminal/confirm.js';
import { reportErrors } from '../../errors/report-error.js';

const REMOVED = ['pods', 'containers', 'networks', 'images', 'volumes', 'secrets'];

export const command: Command = {
  name: 'reset',
  summary: 'Remove everything from the store',
  description:
    'Kills all containers with SIGKILL and removes them, with all pods, networks, images, volumes and secrets of the store (that of --root). Recorded events stay, and so do the default network and networks that other programs created.',
  usage: '[options]',
  examples: ['system reset', 'system reset --force'],
  flags: [{ name: 'force', short: 'f', kind: 'bool', help: 'Do not ask for confirmation' }],
  check: ({ args }) => noArguments(args, 'system reset'),
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
