import { actOnAll } from '../../targets/act-on-containers.js';
import { invalid } from '../../errors/cli-error.js';
import type { Command } from '../../command-parts/definition.js';
import { allFlag, latestFlag, selectContainers } from '../../targets/containers.js';

export const command: Command = {
  name: 'umount',
  summary: "Unmount working container's root filesystem",
  description:
    'Undoes one mount of each container; the root file system disappears from the host with the last one. Also called `unmount`.',
  usage: '[options] CONTAINER [CONTAINER...]',
  examples: ['umount web', 'umount --all --force'],
  flags: [
    allFlag('Unmount all containers that are mounted'),
    { name: 'force', short: 'f', kind: 'bool', help: 'Undo all mounts, not only one' },
    latestFlag,
  ],
  completion: ['containers'],
  check: ({ args, flags }) => {
    const [all, latest] = [flags.bool('all'), flags.bool('latest')];
    if (!all && !latest && args.length === 0) throw invalid('you must provide at least one name or id');
    if (Number(all) + Number(latest) + Number(args.length > 0) > 1)
      throw invalid('--all, --latest and containers cannot be used together');
  },
  run: async (context, invocation) => {
    const force = invocation.flags.bool('force');
    const selection = await selectContainers(context, invocation, {
      matchesAll: (container) => container.mountPoint !== null,
    });
    return actOnAll(context, selection, { act: (container) => container.unmount({ force }) });
  },
};
