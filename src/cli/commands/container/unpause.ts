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
  name: 'unpause',
  summary: 'Unpause the processes in one or more containers',
  description: 'Resumes the processes of paused containers.',
  usage: '[options] CONTAINER [CONTAINER...]',
  examples: ['unpause web', 'unpause --all'],
  flags: [allFlag('Unpause all paused containers'), cidfileFlag, filterFlag, latestFlag],
  completion: ['containers'],
  check: checkSelection,
  run: async (context, invocation) => {
    const selection = await selectContainers(context, invocation, { matchesAll: ({ status }) => status === 'paused' });
    return actOnAll(context, selection, { act: (container) => container.unpause() });
  },
};
