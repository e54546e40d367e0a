import { invalid } from '../../errors/cli-error.js';
import type { Command } from '../../command-parts/definition.js';
import { tableText } from '../../format/columns.js';
import { latestPodFlag, selectOnePod } from '../../targets/pods.js';
import { DEFAULT_TOP, findColumns, TOP_COLUMNS, type TopColumn } from '../../rows/top-columns.js';

export const command: Command = {
  name: 'top',
  summary: 'Display the running processes of the containers of a pod',
  description: `Prints the processes of all containers of a pod that run. The columns are chosen by descriptors: ${TOP_COLUMNS.map(({ name }) => name).join(', ')}; those that begin with h are about the host.`,
  usage: '[options] POD [FORMAT-DESCRIPTORS...]',
  examples: ['pod top web', 'pod top web pid,user,args %C', 'pod top --latest hpid comm'],
  flags: [latestPodFlag],
  passThrough: true,
  completion: ['pods', TOP_COLUMNS.map(({ name }) => name)],
  check: ({ flags, args }) => {
    if (args.length === 0 && !flags.bool('latest')) throw invalid('you must provide the name or id of a running pod');
  },
  run: async (context, { flags, args }) => {
    const latest = flags.bool('latest');
    const words = latest ? args : args.slice(1);
    const columns = columnsOf(words[0] === '--' ? words.slice(1) : words);
    const pod = await selectOnePod(context, latest ? undefined : args[0]);
    const processes = (await pod.top()).flatMap((container) => container.processes);
    if (processes.length === 0) return 0;
    const rows = processes.map((process) => columns.map(({ cell }) => cell(process)));
    await context.out(tableText([columns.map(({ heading }) => heading), ...rows]));
    return 0;
  },
};

function columnsOf(words: readonly string[]): readonly TopColumn[] {
  const columns = findColumns(words.length === 0 ? DEFAULT_TOP : words);
  if (columns !== undefined) return columns;
  const names = words.flatMap((word) => word.split(','));
  const unknown = names.find((name) => findColumns([name]) === undefined) ?? '';
  throw invalid(`'${unknown}': unknown descriptor`);
}
