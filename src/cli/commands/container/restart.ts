import { actOnAll } from '../../targets/act-on-containers.js';
import { invalid } from '../../errors/cli-error.js';
import type { Command, Invocation } from '../../command-parts/definition.js';
import {
  allFlag,
  checkSelection,
  cidfileFlag,
  filterFlag,
  latestFlag,
  selectContainers,
} from '../../targets/containers.js';
import { stopTimeFlag } from './stop.js';

export const command: Command = {
  name: 'restart',
  summary: 'Restart one or more containers',
  description: 'Stops containers if they are running, and starts them again, dependencies first.',
  usage: '[options] CONTAINER [CONTAINER...]',
  examples: ['restart web', 'restart --time 2 web db', 'restart --running'],
  flags: [
    allFlag('Restart all containers'),
    cidfileFlag,
    filterFlag,
    latestFlag,
    { name: 'running', kind: 'bool', help: 'Restart all running containers' },
    stopTimeFlag,
  ],
  completion: ['containers'],
  check: (invocation) => {
    if (!invocation.flags.bool('running')) checkSelection(invocation);
    else if (invocation.args.length > 0) throw invalid('no arguments are needed with --running');
  },
  run: async (context, invocation) => {
    const timeoutSec = invocation.flags.number('time');
    const running = invocation.flags.bool('running');
    const selection = await selectContainers(context, running ? withAll(invocation) : invocation, {
      matchesAll: ({ status }) => (running ? status === 'running' : status !== 'removing'),
    });
    return actOnAll(context, selection, {
      order: 'dependencies first',
      act: (container) =>
        container.restart({
          ...(timeoutSec === undefined ? {} : { timeoutSec }),
          onWarning: (text) => void context.log('warning', text),
        }),
    });
  },
};

/** Makes --running select like --all; the caller restricts that to running containers. */
function withAll(invocation: Invocation): Invocation {
  const { flags } = invocation;
  return { ...invocation, flags: { ...flags, bool: (name) => name === 'all' || flags.bool(name) } };
}
