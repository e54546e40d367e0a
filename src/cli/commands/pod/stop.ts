import type { Command } from '../../command-parts/definition.js';
import type { Flag } from '../../command-parts/flag.js';
import {
  actOnPods,
  checkPodSelection,
  ignorePodFlag,
  latestPodFlag,
  podIdFileFlag,
  selectPods,
} from '../../targets/pods.js';
import { allFlag } from '../../targets/containers.js';

export const podStopTimeFlag: Flag = {
  name: 'time',
  short: 't',
  aliases: ['timeout'],
  kind: 'uint',
  value: 'seconds',
  default: '10',
  help: 'Time between the stop signal and SIGKILL',
};

export const command: Command = {
  name: 'stop',
  summary: 'Stop pods',
  description:
    'Stops the containers of pods: sends each its stop signal, and SIGKILL when the time is up. The infra container is stopped last.',
  usage: '[options] POD [POD...]',
  examples: ['pod stop web', 'pod stop --time 2 web db', 'pod stop --all'],
  flags: [allFlag('Stop all pods'), ignorePodFlag, latestPodFlag, podIdFileFlag, podStopTimeFlag],
  completion: ['pods'],
  check: checkPodSelection,
  run: async (context, invocation) => {
    const timeoutSec = invocation.flags.number('time');
    return actOnPods(context, await selectPods(context, invocation), {
      act: (pod) =>
        pod.stop({
          ...(timeoutSec === undefined ? {} : { timeoutSec }),
          onWarning: (text) => void context.log('warning', text),
        }),
      doing: 'stopping container',
    });
  },
};
