import { actOnAll } from '../../targets/act-on-containers.js';
import type { Command } from '../../command-parts/definition.js';
import { allFlag, checkSelection, latestFlag, selectContainers } from '../../targets/containers.js';

export const command: Command = {
  name: 'reload',
  summary: 'Recreate firewall rules and interfaces of containers',
  description:
    'Recreates the firewall rules and published ports of running containers, after the nf_tables ruleset was flushed, and bridges and interfaces that were removed.',
  usage: '[options] [CONTAINER...]',
  examples: ['network reload web', 'network reload --all'],
  flags: [allFlag('Reload the networks of all running containers'), latestFlag],
  completion: ['containers'],
  check: checkSelection,
  run: async (context, invocation) => {
    const engine = await context.engine();
    const selection = await selectContainers(context, invocation, { matchesAll: ({ status }) => status === 'running' });
    return actOnAll(context, selection, { act: ({ id }) => engine.networks.reload(id) });
  },
};
