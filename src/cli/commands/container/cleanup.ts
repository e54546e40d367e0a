import { actOnAll } from '../../targets/act-on-containers.js';
import type { Command } from '../../command-parts/definition.js';
import { missingFlag, missingSwitch } from '../../flags/missing.js';
import { allFlag, checkSelection, latestFlag, selectContainers } from '../../targets/containers.js';

export const command: Command = {
  name: 'cleanup',
  summary: 'Clean up what containers have left',
  description:
    'Clears away what containers that do not run have left in the kernel and in the run directory. Monitors and the next command do this by themselves.',
  usage: '[options] CONTAINER [CONTAINER...]',
  examples: ['container cleanup web', 'container cleanup --all', 'container cleanup --rm web'],
  flags: [
    allFlag('Clean up all containers that do not run'),
    missingFlag('exec', 'an exec leaves nothing that has to be cleaned up'),
    latestFlag,
    { name: 'rm', kind: 'bool', help: 'Remove the container afterwards' },
    missingSwitch('rmi', 'the container itself says so: run --rmi'),
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
