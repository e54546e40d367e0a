import type { Container } from '../../../container/api/container.js';
import { isTspodError } from '../../../errors.js';
import { actOnAll } from '../../targets/act-on-containers.js';
import type { Command } from '../../command-parts/definition.js';
import type { Flag } from '../../command-parts/flag.js';
import type { Context } from '../../context.js';
import {
  allFlag,
  checkSelection,
  cidfileFlag,
  filterFlag,
  ignoreFlag,
  latestFlag,
  selectContainers,
} from '../../targets/containers.js';

export const stopTimeFlag: Flag = {
  name: 'time',
  short: 't',
  aliases: ['timeout'],
  kind: 'int',
  value: 'seconds',
  default: '10',
  help: 'Time between the stop signal and SIGKILL; -1 waits forever',
};

export const command: Command = {
  name: 'stop',
  summary: 'Stop one or more containers',
  description:
    'Sends the stop signal (SIGTERM unless the container says otherwise) to the first process, and SIGKILL when the time is up.',
  usage: '[options] CONTAINER [CONTAINER...]',
  examples: ['stop web', 'stop --time 2 web db', 'stop --all', 'stop --latest'],
  flags: [allFlag('Stop all running containers'), cidfileFlag, filterFlag, ignoreFlag, latestFlag, stopTimeFlag],
  completion: ['containers'],
  check: checkSelection,
  run: async (context, invocation) => {
    const timeoutSec = invocation.flags.number('time');
    const selection = await selectContainers(context, invocation, {
      matchesAll: ({ status }) => status !== 'removing',
    });
    return actOnAll(context, selection, {
      act: (container) => stop(context, container, timeoutSec),
      order: 'dependents first',
    });
  },
};

/** Stops a container; does nothing if it does not run. */
async function stop(context: Context, container: Container, timeoutSec: number | undefined): Promise<void> {
  try {
    await container.stop({
      ...(timeoutSec === undefined ? {} : { timeoutSec }),
      onWarning: (text) => void context.log('warning', text),
    });
  } catch (error) {
    if (isTspodError(error, 'CONTAINER_STOPPED')) return;
    if (isTspodError(error, 'STATE_INVALID') && container.state().status !== 'paused') return;
    throw error;
  }
}
