import { isTspodError } from '../../../errors.js';
import type { PodInspect } from '../../../pod/api.js';
import { CliError, invalid } from '../../errors/cli-error.js';
import type { Command } from '../../command-parts/definition.js';
import { inspectEach, inspectFormatFlag, inspectReport } from '../../targets/inspect-each.js';
import { podInspectStruct } from '../../rows/pod-struct.js';
import { latestPodFlag, selectOnePod } from '../../targets/pods.js';

export const command: Command = {
  name: 'inspect',
  summary: 'Inspect pods',
  description: 'Prints the details of pods as JSON, or formatted by a Go template.',
  usage: '[options] POD [POD...]',
  examples: ['pod inspect web', "pod inspect --format '{{.State}} {{.InfraContainerID}}' web"],
  flags: [inspectFormatFlag, latestPodFlag],
  completion: ['pods'],
  check: ({ args, flags }) => {
    if (args.length === 0 && !flags.bool('latest')) throw invalid('no names or ids specified');
    if (args.length > 0 && flags.bool('latest')) throw invalid('--latest and arguments cannot be used together');
  },
  run: async (context, { flags, args }) => {
    const format = flags.text('format') ?? 'json';
    return inspectEach<PodInspect, string | undefined>(context, flags.bool('latest') ? [undefined] : args, {
      format,
      find: async (name) => (await selectOnePod(context, name)).inspect(),
      missing: (name, error) =>
        isTspodError(error, 'NO_SUCH_POD') ? new CliError(`inspecting object: no such pod ${name ?? ''}`) : undefined,
      render: (found) => inspectReport(format, found.map(podInspectStruct)),
    });
  },
};
