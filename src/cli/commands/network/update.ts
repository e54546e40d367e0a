import { invalid } from '../../errors/cli-error.js';
import type { Command } from '../../command-parts/definition.js';

export const command: Command = {
  name: 'update',
  summary: 'Update an existing network',
  description: 'Changes the name servers of a network, and prints its name.',
  usage: '[options] NETWORK',
  examples: ['network update --dns-add 192.0.2.53 web', 'network update --dns-drop 192.0.2.53 web'],
  flags: [
    { name: 'dns-add', kind: 'list', value: 'address', help: 'Name server to add' },
    { name: 'dns-drop', kind: 'list', value: 'address', help: 'Name server to remove' },
  ],
  completion: ['networks', []],
  check: ({ args, flags }) => {
    if (args.length !== 1) throw invalid(`accepts 1 arg(s), received ${args.length}`);
    if (!flags.has('dns-add') && !flags.has('dns-drop'))
      throw invalid('nothing to change: give --dns-add or --dns-drop');
  },
  run: async (context, { flags, args }) => {
    const engine = await context.engine();
    const { name } = await engine.networks.update(args[0] ?? '', {
      addDnsServers: flags.list('dns-add'),
      dropDnsServers: flags.list('dns-drop'),
    });
    await context.out(`${name}\n`);
    return 0;
  },
};
