import { parseSignal } from '../../../util/signals.js';
import { invalid } from '../../errors/cli-error.js';
import type { Command } from '../../command-parts/definition.js';
import { actOnPods, checkPodSelection, latestPodFlag, selectPods } from '../../targets/pods.js';
import { allFlag } from '../../targets/containers.js';
import { signalFlag } from '../container/kill.js';

export const command: Command = {
  name: 'kill',
  summary: 'Send a signal to the containers of pods',
  description: 'Sends a signal (SIGKILL by default) to the first process of each running container.',
  usage: '[options] POD [POD...]',
  examples: ['pod kill web', 'pod kill --signal TERM web', 'pod kill --all'],
  flags: [allFlag('Signal all pods'), latestPodFlag, signalFlag],
  completion: ['pods'],
  check: checkPodSelection,
  run: async (context, invocation) => {
    const name = invocation.flags.text('signal') ?? 'KILL';
    const signal = parseSignal(name);
    if (signal === undefined) throw invalid(`invalid signal: ${name}`);
    return actOnPods(context, await selectPods(context, invocation), {
      act: (pod) => pod.kill(signal),
      doing: 'killing container',
    });
  },
};
