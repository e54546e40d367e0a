import type { Command } from '../../command-parts/definition.js';
import { noArguments } from '../../command-parts/no-arguments.js';
import { formatFlag } from '../../flags/format.js';
import { jsonText } from '../../terminal/escape.js';
import { alignColumns } from '../../format/columns.js';
import { isJsonFormat, lineOf, unescapeFormat } from '../../format/report.js';
import { renderTemplate } from '../../format/template.js';
import { struct, type GoStruct } from '../../format/values.js';
import { readVersion, type VersionFields } from '../../version.js';

export const command: Command = {
  name: 'version',
  summary: 'Display the version',
  description: 'Prints the version of tspod and of what it runs on.',
  usage: '[options]',
  examples: ['version', "version --format '{{.Client.Version}}'", 'version --format json'],
  flags: [{ ...formatFlag('json'), short: 'f' }],
  completion: [[]],
  check: ({ args }) => noArguments(args, 'version'),
  run: async (context, { flags }) => {
    const client = readVersion();
    const format = flags.text('format') ?? '';
    if (isJsonFormat(format)) await context.out(`${jsonText({ Client: client })}\n`);
    else if (format !== '') {
      await context.out(renderTemplate('version', lineOf(templateOf(format)), versionStruct(client)));
    } else {
      const lines = [
        'Client:\ttspod Engine',
        `Version:\t${client.Version}`,
        `Plan Version:\t${client.PlanVersion}`,
        `Node Version:\t${client.NodeVersion}`,
        `OS/Arch:\t${client.OsArch}`,
      ];
      await context.out(alignColumns(lines.map((line) => `${line}\n`).join('')));
    }
    return 0;
  },
};

/** Maps the fields of a server to those of the client, as in Podman, since there is no server. */
function templateOf(format: string): string {
  return unescapeFormat(format).replaceAll('.Server.', '.');
}

/** Returns the data for templates; the client's fields can be named with or without `Client`. */
function versionStruct(client: VersionFields): GoStruct {
  return {
    ...struct('*define.Version', { Client: struct('*define.Version', client) }),
    optional: { Server: null, ...client },
  };
}
