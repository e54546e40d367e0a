import type { Container } from '../../../container/api/container.js';
import { invalid } from '../../errors/cli-error.js';
import type { Command, Invocation } from '../../command-parts/definition.js';
import type { Context } from '../../context.js';
import { LOG_FLAGS, printLogs, readLogOptions } from '../../streams/print-logs.js';
import { latestFlag, selectOne } from '../../targets/containers.js';

export const command: Command = {
  name: 'logs',
  summary: 'Fetch the logs of one or more containers',
  description: 'Prints what containers wrote: their stdout to stdout, their stderr to stderr.',
  usage: '[options] CONTAINER [CONTAINER...]',
  examples: ['logs web', 'logs --follow --tail 20 web', 'logs --since 10m --timestamps web', 'logs --names web db'],
  flags: [
    ...LOG_FLAGS,
    latestFlag,
    { name: 'details', kind: 'bool', hidden: true, help: 'Accepted for compatibility with Docker; no effect' },
  ],
  completion: ['containers'],
  check: ({ flags, args }) => {
    if (args.length === 0 && !flags.bool('latest')) throw invalid('specify at least one container name or ID to log');
    if (args.length > 0 && flags.bool('latest')) throw invalid('--latest and containers cannot be used together');
  },
  run: async (context, invocation) => {
    const options = readLogOptions(invocation);
    const containers = await selectAll(context, invocation);
    return printLogs(context, invocation, { containers, several: containers.length > 1, options });
  },
};

async function selectAll(context: Context, { flags, args }: Invocation): Promise<Container[]> {
  if (flags.bool('latest')) return [await selectOne(context, undefined, { latest: true })];
  const containers: Container[] = [];
  for (const name of args) containers.push(await selectOne(context, name));
  return containers;
}
