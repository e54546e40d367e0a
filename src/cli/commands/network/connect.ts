import { invalid } from '../../errors/cli-error.js';
import type { Command } from '../../command-parts/definition.js';

export const command: Command = {
  name: 'connect',
  summary: 'Add a container to a network',
  description:
    'Connects a container to a network: a running container gets its interface immediately, any other at its next start.',
  usage: '[options] NETWORK CONTAINER',
  examples: ['network connect web db', 'network connect --alias data --ip 10.89.0.9 web db'],
  flags: [
    { name: 'alias', kind: 'list', value: 'name', help: 'Additional name of the container on the network' },
    { name: 'ip', kind: 'text', value: 'address', help: 'IPv4 address' },
    { name: 'ip6', kind: 'text', value: 'address', help: 'IPv6 address' },
    { name: 'mac-address', kind: 'text', value: 'address', help: 'MAC address' },
  ],
  completion: ['networks', 'containers', []],
  check: ({ args }) => {
    if (args.length !== 2) throw invalid(`accepts 2 arg(s), received ${args.length}`);
  },
  run: async (context, { flags, args }) => {
    const engine = await context.engine();
    const [ip, ip6, macAddress] = [flags.text('ip'), flags.text('ip6'), flags.text('mac-address')];
    await engine.networks.connect(args[0] ?? '', args[1] ?? '', {
      aliases: flags.list('alias'),
      ...(ip === undefined ? {} : { ip }),
      ...(ip6 === undefined ? {} : { ip6 }),
      ...(macAddress === undefined ? {} : { macAddress }),
    });
    return 0;
  },
};
