import { isTspodError, messageOf } from '../../../errors.js';
import { CliError, invalid } from '../../errors/cli-error.js';
import type { Command } from '../../command-parts/definition.js';
import { inspectEach, inspectFormatFlag, inspectReport } from '../../targets/inspect-each.js';
import { networkStruct } from '../../rows/network.js';

export const command: Command = {
  name: 'inspect',
  summary: 'Inspect networks',
  description: 'Prints the configuration of networks as JSON, or formatted by a Go template.',
  usage: '[options] NETWORK [NETWORK...]',
  examples: ['network inspect web', "network inspect --format '{{range .Subnets}}{{.Subnet}} {{end}}' web"],
  flags: [inspectFormatFlag],
  completion: ['networks'],
  check: ({ args }) => {
    if (args.length === 0) throw invalid('requires at least 1 arg(s), only received 0');
  },
  run: async (context, { flags, args }) => {
    const engine = await context.engine();
    const format = flags.text('format') ?? 'json';
    return inspectEach(context, args, {
      format,
      find: (name) => engine.networks.inspect(name),
      missing: (name, error) =>
        isTspodError(error, 'NO_SUCH_NETWORK')
          ? new CliError(`inspecting object: network ${name}: ${messageOf(error)}`)
          : undefined,
      render: (found) => inspectReport(format, found.map(networkStruct)),
    });
  },
};
