import { isTspodError } from '../../../errors.js';
import type { Container } from '../../../container/api/container.js';
import { CliError, invalid } from '../../errors/cli-error.js';
import type { Command, Invocation } from '../../command-parts/definition.js';
import { tableText } from '../../format/columns.js';
import { latestFlag, selectOne } from '../../targets/containers.js';
import { DEFAULT_TOP, findColumns, TOP_COLUMNS, type TopColumn } from '../../rows/top-columns.js';

export const command: Command = {
  name: 'top',
  summary: 'Display the running processes of a container',
  description: `Prints the processes of a container. The columns are chosen by descriptors: ${TOP_COLUMNS.map(({ name }) => name).join(', ')}; those that begin with h are about the host. With anything else, ps(1) is run in the container with these arguments.`,
  usage: '[options] CONTAINER [FORMAT-DESCRIPTORS|ARGS...]',
  examples: ['top web', 'top web pid,user,args %C', 'top --latest hpid huser comm', 'top web -eo pid,comm'],
  flags: [latestFlag],
  passThrough: true,
  completion: ['containers', TOP_COLUMNS.map(({ name }) => name)],
  check: ({ flags, args }) => {
    if (args.length === 0 && !flags.bool('latest'))
      throw invalid('you must provide the name or id of a running container');
  },
  run: async (context, invocation) => {
    const { name, words } = subject(invocation);
    const container = await selectOne(context, name, { latest: name === undefined });
    const columns = findColumns(words.length === 0 ? DEFAULT_TOP : words);
    await context.out(columns === undefined ? await psText(container, words) : await topText(container, columns));
    return 0;
  },
};

/** Returns the name of the container and the words that choose columns; with --latest, all words are such. */
function subject({ flags, args }: Invocation): {
  readonly name: string | undefined;
  readonly words: readonly string[];
} {
  if (flags.bool('latest')) return { name: undefined, words: args };
  const [name, ...words] = args;
  return { name, words: words[0] === '--' ? words.slice(1) : words };
}

async function topText(container: Container, columns: readonly TopColumn[]): Promise<string> {
  const processes = await container.top();
  return tableText([
    columns.map(({ heading }) => heading),
    ...processes.map((process) => columns.map(({ cell }) => cell(process))),
  ]);
}

async function psText(container: Container, words: readonly string[]): Promise<string> {
  try {
    const { exitCode, stdout, stderr } = await container.exec({ command: ['ps', ...words] });
    if (exitCode === 0) return withoutItself(stdout, words);
    throw new CliError(`ps(1) failed with exit code ${exitCode}: ${stderr.trim() || stdout.trim()}`);
  } catch (error) {
    if (!isTspodError(error, 'COMMAND_NOT_FOUND')) throw error;
    throw new CliError(
      `${words.join(' ')}: not all of these are descriptors, and ps(1), which would take them as arguments, is not in the container`,
    );
  }
}

/** Removes the row of ps(1) itself, which runs in the container; as in Podman, the row is found by its arguments. */
function withoutItself(table: string, words: readonly string[]): string {
  const itself = ['ps', ...words].join(' ');
  const [heading = '', ...rows] = table.split('\n');
  return [heading, ...rows.filter((row) => !row.includes(itself))].join('\n');
}
