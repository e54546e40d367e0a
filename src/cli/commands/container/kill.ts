import { parseSignal } from '../../../util/signals.js';
import { actOnAll } from '../../targets/act-on-containers.js';
import { invalid } from '../../errors/cli-error.js';
import type { Command } from '../../command-parts/definition.js';
import type { Flag } from '../../command-parts/flag.js';
import { allFlag, checkSelection, cidfileFlag, latestFlag, selectContainers } from '../../targets/containers.js';

export const signalFlag: Flag = {
  name: 'signal',
  short: 's',
  kind: 'text',
  value: 'signal',
  default: 'KILL',
  completion: ['KILL', 'TERM', 'INT', 'HUP', 'QUIT', 'USR1', 'USR2', 'STOP', 'CONT'],
  help: 'Signal to send, by name or number',
};

export const command: Command = {
  name: 'kill',
  summary: 'Kill one or more running containers with a specific signal',
  description: 'Sends a signal (SIGKILL by default) to the first process of each container.',
  usage: '[options] CONTAINER [CONTAINER...]',
  examples: ['kill web', 'kill --signal TERM web', 'kill -s 10 web', 'kill --all'],
  flags: [allFlag('Signal all running containers'), cidfileFlag, latestFlag, signalFlag],
  completion: ['containers'],
  check: checkSelection,
  run: async (context, invocation) => {
    const name = invocation.flags.text('signal') ?? 'KILL';
    const signal = parseSignal(name);
    if (signal === undefined) throw invalid(`invalid signal: ${name}`);
    const selection = await selectContainers(context, invocation, { matchesAll: ({ status }) => status === 'running' });
    return actOnAll(context, selection, { act: (container) => container.kill(signal) });
  },
};
