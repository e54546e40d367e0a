import { isTspodError } from '../../../errors.js';
import { CliError, invalid } from '../../errors/cli-error.js';
import type { Command } from '../../command-parts/definition.js';
import { inspectEach, inspectFormatFlag, inspectReport } from '../../targets/inspect-each.js';
import { volumeStruct } from '../../rows/volume.js';

export const command: Command = {
  name: 'inspect',
  summary: 'Inspect volumes',
  description: 'Prints the details of volumes as JSON, or formatted by a Go template.',
  usage: '[options] VOLUME [VOLUME...]',
  examples: ['volume inspect data', "volume inspect --format '{{.Mountpoint}}' data", 'volume inspect --all'],
  flags: [{ name: 'all', short: 'a', kind: 'bool', help: 'Inspect all volumes' }, inspectFormatFlag],
  completion: ['volumes'],
  check: ({ args, flags }) => {
    if ((args.length === 0) !== flags.bool('all'))
      throw invalid(
        args.length === 0
          ? 'provide one or more volume names or use --all'
          : 'choose either one or more volumes or all',
      );
  },
  run: async (context, { flags, args }) => {
    const engine = await context.engine();
    const names = flags.bool('all') ? engine.volumes.list().map(({ name }) => name) : args;
    const format = flags.text('format') ?? 'json';
    return inspectEach(context, names, {
      format,
      find: (name) => engine.volumes.inspect(name),
      missing: (name, error) =>
        isTspodError(error, 'NO_SUCH_VOLUME') ? new CliError(`inspecting object: no such volume ${name}`) : undefined,
      render: (found) => inspectReport(format, found.map(volumeStruct)),
    });
  },
};
