import type { Command } from '../../command-parts/definition.js';
import { actOnPods, checkPodSelection, latestPodFlag, selectPods } from '../../targets/pods.js';
import { allFlag } from '../../targets/containers.js';

export const command: Command = {
  name: 'unpause',
  summary: 'Unpause pods',
  description: 'Resumes the processes of paused pods.',
  usage: '[options] POD [POD...]',
  examples: ['pod unpause web', 'pod unpause --all'],
  flags: [allFlag('Unpause all paused pods'), latestPodFlag],
  completion: ['pods'],
  check: checkPodSelection,
  run: async (context, invocation) => {
    const selection = await selectPods(context, invocation, {
      matchesAll: ({ containers }) => containers.some(({ status }) => status === 'paused'),
    });
    return actOnPods(context, selection, { act: (pod) => pod.unpause(), doing: 'unpausing container' });
  },
};
