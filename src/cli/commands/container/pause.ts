import { actOnAll } from '../../targets/act-on-containers.js';
import type { Command } from '../../command-parts/definition.js';
import {
  allFlag,
  checkSelection,
  cidfileFlag,
  filterFlag,
  latestFlag,
  selectContainers,
} from '../../targets/containers.js';

export const command: Command = {
  name: 'pause',
  summary: 'Pause all the processes in one or more containers',
  description: 'Freezes the processes of running containers; unpause resumes them.',
  usage: '[options] CONTAINER [CONTAINER...]',
  examples: ['pause web', 'pause --all'],
  flags: [allFlag('Pause all running containers'), cidfileFlag, filterFlag, latestFlag],
  completion: ['containers'],
  check: checkSelection,
  run: async (context, invocation) => {
    const selection = await selectContainers(context, invocation, { matchesAll: ({ status }) => status === 'running' });
    return actOnAll(context, selection, { act: (container) => container.pause() });
  },
};
