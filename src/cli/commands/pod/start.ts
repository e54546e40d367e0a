import type { Command } from '../../command-parts/definition.js';
import { actOnPods, checkPodSelection, latestPodFlag, podIdFileFlag, selectPods } from '../../targets/pods.js';
import { allFlag } from '../../targets/containers.js';

export const command: Command = {
  name: 'start',
  summary: 'Start pods',
  description: 'Starts the containers of pods that are not running, dependencies first.',
  usage: '[options] POD [POD...]',
  examples: ['pod start web', 'pod start --all', 'pod start --latest'],
  flags: [allFlag('Start all pods'), latestPodFlag, podIdFileFlag],
  completion: ['pods'],
  check: checkPodSelection,
  run: async (context, invocation) =>
    actOnPods(context, await selectPods(context, invocation), {
      act: (pod) => pod.start(),
      doing: 'starting container',
    }),
};
