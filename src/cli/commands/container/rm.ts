import { isTspodError } from '../../../errors.js';
import { actOnAll } from '../../targets/act-on-containers.js';
import { invalid } from '../../errors/cli-error.js';
import type { Command } from '../../command-parts/definition.js';
import { removeStatus } from '../../errors/exit-status.js';
import {
  allFlag,
  checkSelection,
  cidfileFlag,
  ignoreFlag,
  latestFlag,
  selectContainers,
} from '../../targets/containers.js';
import { stopTimeFlag } from './stop.js';

export const command: Command = {
  name: 'rm',
  summary: 'Remove one or more containers',
  description:
    'Removes containers with their layers and logs; volumes stay, except anonymous ones with --volumes. A running container is not removed without --force.',
  usage: '[options] CONTAINER [CONTAINER...]',
  examples: ['rm web', 'rm --force web db', 'rm --all', 'rm --filter status=exited'],
  flags: [
    allFlag('Remove all containers'),
    cidfileFlag,
    { name: 'depend', kind: 'bool', help: 'Remove the containers that depend on it first' },
    { name: 'filter', kind: 'items', value: 'name=value', help: 'Remove the containers that match' },
    { name: 'force', short: 'f', kind: 'bool', help: 'Stop a running or paused container first' },
    ignoreFlag,
    latestFlag,
    { ...stopTimeFlag, help: 'With --force: time between the stop signal and SIGKILL' },
    { name: 'volumes', short: 'v', kind: 'bool', help: 'Remove its anonymous volumes as well' },
  ],
  completion: ['containers'],
  check: (invocation) => {
    const { flags } = invocation;
    if (flags.has('time') && !flags.bool('force'))
      throw invalid('--force option must be specified to use the --time option');
    checkSelection(invocation);
  },
  run: async (context, invocation) => {
    const { flags } = invocation;
    const engine = await context.engine();
    const force = flags.bool('force');
    const timeoutSec = flags.number('time');
    const missingIsDone = force || flags.bool('ignore') || flags.bool('all');
    const removed = new Map<string, readonly string[]>();
    const remove = async (id: string): Promise<void> => {
      try {
        const ids = await engine.containers.remove(id, {
          force,
          depend: flags.bool('depend') || flags.bool('all'),
          volumes: flags.bool('volumes'),
          ...(timeoutSec === undefined ? {} : { timeoutSec }),
        });
        removed.set(id, ids);
      } catch (error) {
        // The container may have been removed already as a dependent of another container of this command.
        if (!missingIsDone || !isTspodError(error, 'NO_SUCH_CONTAINER')) throw error;
      }
    };
    const selection = await selectContainers(context, invocation, { ignoreMissing: missingIsDone });
    return actOnAll(context, selection, {
      act: ({ id }) => remove(id),
      line: ({ id }) => (flags.bool('depend') ? removed.get(id)?.join('\n') : undefined),
      status: removeStatus,
      order: 'dependents first',
    });
  },
};
