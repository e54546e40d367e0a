import type { Command } from '../../command-parts/definition.js';
import { actOnPods, checkPodSelection, latestPodFlag, selectPods } from '../../targets/pods.js';
import { allFlag } from '../../targets/containers.js';

export const command: Command = {
  name: 'pause',
  summary: 'Pause pods',
  description: 'Freezes the processes of running pods; pod unpause resumes them.',
  usage: '[options] POD [POD...]',
  examples: ['pod pause web', 'pod pause --all'],
  flags: [allFlag('Pause all running pods'), latestPodFlag],
  completion: ['pods'],
  check: checkPodSelection,
  run: async (context, invocation) => {
    const selection = await selectPods(context, invocation, {
      matchesAll: ({ containers }) => containers.some(({ status }) => status === 'running'),
    });
    return actOnPods(context, selection, { act: (pod) => pod.pause(), doing: 'pausing container' });
  },
};
