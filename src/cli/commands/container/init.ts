import { actOnAll } from '../../targets/act-on-containers.js';
import type { Command } from '../../command-parts/definition.js';
import { allFlag, checkSelection, latestFlag, selectContainers } from '../../targets/containers.js';

export const command: Command = {
  name: 'init',
  summary: 'Initialize one or more containers',
  description:
    'Sets up the namespaces, mounts and first process of containers without running their command, which `tspod start` then does.',
  usage: '[options] CONTAINER [CONTAINER...]',
  examples: ['init web', 'init --all'],
  flags: [allFlag('Initialize all containers in state created'), latestFlag],
  completion: ['containers'],
  check: checkSelection,
  run: async (context, invocation) => {
    const selection = await selectContainers(context, invocation, { matchesAll: ({ status }) => status === 'created' });
    return actOnAll(context, selection, { act: (container) => container.init() });
  },
};
