import { isTspodError } from '../../../errors.js';
import type { Pod } from '../../../pod/api.js';
import { CliError, invalid } from '../../errors/cli-error.js';
import type { Command, Invocation } from '../../command-parts/definition.js';
import type { Context } from '../../context.js';
import { LOG_FLAGS, printLogs, readLogOptions } from '../../streams/print-logs.js';
import { latestPodFlag, selectOnePod } from '../../targets/pods.js';

export const command: Command = {
  name: 'logs',
  summary: 'Fetch the logs of the containers of a pod',
  description: 'Prints what the containers of a pod wrote, with the id of the container in front of each line.',
  usage: '[options] POD',
  examples: ['pod logs web', 'pod logs --names --follow web', 'pod logs --container app --tail 20 web'],
  flags: [
    {
      name: 'container',
      short: 'c',
      kind: 'text',
      value: 'container',
      completion: 'containers',
      help: 'Print the log of one container only, by its name or id',
    },
    ...LOG_FLAGS,
    latestPodFlag,
  ],
  completion: ['pods', []],
  check: ({ flags, args }) => {
    if (args.length > 0 && flags.bool('latest')) throw invalid('--latest and pods cannot be used together');
    if (args.length === 0 && !flags.bool('latest')) throw invalid('specify at least one pod name or ID to log');
    if (args.length > 1) throw invalid('requires exactly 1 arg');
  },
  run: async (context, invocation) => {
    const options = readLogOptions(invocation);
    const [name] = invocation.args;
    const pod = await selectOnePod(context, name);
    const { ids, several } = await idsOf(context, pod, invocation);
    const { containers } = await context.engine();
    return printLogs(context, invocation, { containers: ids.map((id) => containers.get(id)), several, options });
  },
};

/**
 * Returns the containers whose logs are printed: the one that --container names, or all but the infra container, which
 * writes nothing.
 */
async function idsOf(context: Context, pod: Pod, { flags }: Invocation) {
  const members = pod.containers();
  const wanted = flags.text('container');
  if (wanted === undefined)
    return { ids: members.filter(({ isInfra }) => !isInfra).map(({ id }) => id), several: members.length > 1 };
  const id = await idOf(context, wanted);
  if (!members.some((member) => member.id === id))
    throw new CliError(`container ${wanted} is not in pod ${pod.name}: no such container`);
  return { ids: [id ?? ''], several: false };
}

async function idOf(context: Context, name: string): Promise<string | undefined> {
  try {
    return (await context.engine()).containers.get(name).id;
  } catch (error) {
    if (isTspodError(error, 'NO_SUCH_CONTAINER')) return undefined;
    throw error;
  }
}
