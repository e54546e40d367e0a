import type { Command } from '../../command-parts/definition.js';
import { actOnPods, checkPodSelection, latestPodFlag, selectPods } from '../../targets/pods.js';
import { allFlag } from '../../targets/containers.js';

export const command: Command = {
  name: 'restart',
  summary: 'Restart pods',
  description: 'Stops the running containers of pods, and starts all of their containers.',
  usage: '[options] POD [POD...]',
  examples: ['pod restart web', 'pod restart --all'],
  flags: [allFlag('Restart all pods'), latestPodFlag],
  completion: ['pods'],
  check: checkPodSelection,
  run: async (context, invocation) =>
    actOnPods(context, await selectPods(context, invocation), {
      act: (pod) => pod.restart({ onWarning: (text) => void context.log('warning', text) }),
      doing: 'restarting container',
    }),
};
