import { invalid } from '../../errors/cli-error.js';
import type { Command } from '../../command-parts/definition.js';
import { applyFlags, type Draft } from '../../flags/create/draft.js';
import { updateFlags } from '../../flags/create/update.js';
import { latestFlag, selectOne } from '../../targets/containers.js';

export const command: Command = {
  name: 'update',
  summary: 'Update an existing container',
  description:
    'Changes the limits and the restart policy of a container, immediately if it is running, and the environment and ulimits of later commands and starts. All else stays as it is.',
  usage: '[options] CONTAINER',
  examples: ['update --memory 512m --cpus 1.5 web', 'update --restart on-failure:3 web', 'update --env DEBUG=1 web'],
  flags: [...updateFlags, latestFlag],
  completion: ['containers', []],
  check: ({ flags, args }) => {
    const wanted = flags.bool('latest') ? 0 : 1;
    if (args.length !== wanted) throw invalid(`accepts ${wanted} arg(s), received ${args.length}`);
  },
  run: async (context, { flags, args }) => {
    const draft: Draft = {};
    applyFlags(updateFlags, flags, { draft, caller: context.caller });
    const container = await selectOne(context, args[0], { latest: flags.bool('latest') });
    await container.update(draft);
    await context.out(`${container.id}\n`);
    return 0;
  },
};
