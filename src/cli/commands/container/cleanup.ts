import { actOnAll } from '../../targets/act-on-containers.js';
import type { Command } from '../../command-parts/definition.js';
import { missingFlag, missingSwitch } from '../../flags/missing.js';
import { allFlag, checkSelection, latestFlag, selectContainers } from '../../targets/containers.js';

export const command: Command = {
  name: 'cleanup',
  summary: 'Clean up what stopped containers left behind',
  description:
    'Removes what containers that are not running left behind in the kernel and in the run directory. Monitors and later commands do this automatically.',
  usage: '[options] CONTAINER [CONTAINER...]',
  examples: ['container cleanup web', 'container cleanup --all', 'container cleanup --rm web'],
  flags: [
    allFlag('Clean up all containers that are not running'),
    missingFlag('exec', 'exec sessions leave nothing to clean up'),
    latestFlag,
    { name: 'rm', kind: 'bool', help: 'Remove the container afterwards' },
    missingSwitch('rmi', 'set it when the container is created: run --rmi'),
  ],
  completion: ['containers'],
  check: checkSelection,
  run: async (context, invocation) => {
    const remove = invocation.flags.bool('rm');
    const selection = await selectContainers(context, invocation, {
      matchesAll: ({ status }) => ['created', 'initialized', 'stopped', 'exited'].includes(status),
    });
    return actOnAll(context, selection, { act: (container) => container.cleanup({ remove }) });
  },
};
