import { isTspodError } from '../../../errors.js';
import type { Network } from '../../../network/network-file.js';
import { CliError, EXIT_FAILURE, invalid } from '../../cli-error.js';
import type { Command } from '../../command/definition.js';
import { jsonText } from '../../escape.js';
import { messageOf } from '../../exit-status.js';
import { isJsonFormat, renderReport } from '../../format/report.js';
import { networkStruct } from '../../network-row.js';
import { reportError } from '../../report-error.js';

/** What is printed between a field and its level, five spaces as Podman has it. */
const INDENT = 5;

export const command: Command = {
  name: 'inspect',
  summary: 'Inspect networks',
  description: 'Prints the configuration of networks as JSON, or what a Go template makes of it.',
  usage: '[options] NETWORK [NETWORK...]',
  examples: ['network inspect web', "network inspect --format '{{range .Subnets}}{{.Subnet}} {{end}}' web"],
  flags: [
    {
      name: 'format',
      short: 'f',
      kind: 'text',
      value: 'template',
      default: 'json',
      completion: ['json'],
      help: 'json, or a Go template',
    },
  ],
  completion: ['networks'],
  check: ({ args }) => {
    if (args.length === 0) throw invalid('requires at least 1 arg(s), only received 0');
  },
  run: async (context, { flags, args }) => {
    const engine = await context.engine();
    const found: Network[] = [];
    const errors: CliError[] = [];
    for (const name of args) {
      try {
        found.push(engine.networks.inspect(name));
      } catch (error) {
        if (!isTspodError(error, 'NO_SUCH_NETWORK')) throw error;
        errors.push(new CliError(`inspecting object: network ${name}: ${messageOf(error)}`));
      }
    }
    const format = flags.text('format') ?? 'json';
    if (format === '' || isJsonFormat(format)) await context.out(`${jsonText(found, INDENT)}\n`);
    else await context.out(renderReport({ name: 'inspect', format, rows: found.map(networkStruct) }));
    for (const error of errors) await reportError(context, error);
    return errors.length === 0 ? 0 : EXIT_FAILURE;
  },
};
