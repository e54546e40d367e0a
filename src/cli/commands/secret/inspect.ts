import { isTspodError } from '../../../errors.js';
import { CliError, invalid } from '../../errors/cli-error.js';
import type { Command } from '../../command-parts/definition.js';
import { inspectEach, inspectFormatFlag, inspectReport } from '../../targets/inspect-each.js';
import { prettySecret, secretReport, secretStruct } from '../../rows/secret.js';

/** Indentation of the JSON; as in Podman, different from that of other commands. */
const INDENT = 4;

export const command: Command = {
  name: 'inspect',
  summary: 'Inspect secrets',
  description:
    'Prints the details of secrets as JSON, or formatted by a Go template; their content only with --showsecret.',
  usage: '[options] SECRET [SECRET...]',
  examples: ['secret inspect token', "secret inspect --showsecret --format '{{.SecretData}}' token"],
  flags: [
    inspectFormatFlag,
    { name: 'pretty', kind: 'bool', help: 'Print in human-readable form' },
    { name: 'showsecret', kind: 'bool', help: 'Also print the secrets themselves' },
  ],
  completion: ['secrets'],
  check: ({ args, flags }) => {
    if (args.length === 0) throw invalid('requires at least 1 arg(s), only received 0');
    if (flags.bool('pretty') && flags.has('format')) throw invalid('--format and --pretty cannot be used together');
  },
  run: async (context, { flags, args }) => {
    const engine = await context.engine();
    const shown = flags.bool('showsecret');
    const format = flags.text('format') ?? 'json';
    return inspectEach(context, args, {
      format: flags.bool('pretty') ? 'pretty' : format,
      indent: INDENT,
      find: (name) => secretReport(engine.secrets.get(name), shown ? engine.secrets.read(name) : undefined),
      missing: (name, error) =>
        isTspodError(error, 'NO_SUCH_SECRET')
          ? new CliError(`inspecting secret: no secret with name or id ${JSON.stringify(name)}: no such secret`)
          : undefined,
      render: (found) =>
        flags.bool('pretty') ? found.map(prettySecret).join('') : inspectReport(format, found.map(secretStruct)),
    });
  },
};
