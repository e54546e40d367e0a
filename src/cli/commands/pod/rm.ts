import { isTspodError } from '../../../errors.js';
import { EXIT_FAILURE, invalid } from '../../errors/cli-error.js';
import type { Command } from '../../command-parts/definition.js';
import {
  actOnPods,
  checkPodSelection,
  ignorePodFlag,
  latestPodFlag,
  podIdFileFlag,
  selectPods,
} from '../../targets/pods.js';
import { allFlag } from '../../targets/containers.js';
import { podStopTimeFlag } from './stop.js';

export const command: Command = {
  name: 'rm',
  summary: 'Remove pods',
  description:
    'Removes pods with their containers and the anonymous volumes of those. A pod with running containers, apart from the infra container, is not removed without --force.',
  usage: '[options] POD [POD...]',
  examples: ['pod rm web', 'pod rm --force web db', 'pod rm --all --force', 'pod rm --pod-id-file web.id'],
  flags: [
    allFlag('Remove all pods'),
    { name: 'force', short: 'f', kind: 'bool', help: 'Stop running containers first; ignore missing pods' },
    ignorePodFlag,
    latestPodFlag,
    podIdFileFlag,
    { ...podStopTimeFlag, help: 'With --force: time between the stop signal and SIGKILL' },
  ],
  completion: ['pods'],
  check: (invocation) => {
    const { flags } = invocation;
    if (flags.has('time') && !flags.bool('force'))
      throw invalid('--force option must be specified to use the --time option');
    checkPodSelection(invocation);
  },
  run: async (context, invocation) => {
    const { flags } = invocation;
    const force = flags.bool('force');
    const timeoutSec = flags.number('time');
    const ignoreMissing = force || flags.bool('ignore') || flags.bool('all');
    const selection = await selectPods(context, invocation, { ignoreMissing });
    return actOnPods(context, selection, {
      act: async (pod) => {
        try {
          await pod.remove({ force, ...(timeoutSec === undefined ? {} : { timeoutSec }) });
        } catch (error) {
          // Another process has removed the pod meanwhile.
          if (!ignoreMissing || !isTspodError(error, 'NO_SUCH_POD')) throw error;
        }
      },
      status: (errors) => (errors.some((error) => isTspodError(error, 'NO_SUCH_POD')) ? 1 : EXIT_FAILURE),
    });
  },
};
