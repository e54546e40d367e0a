import type { FileChange } from '../../container/files-api.js';
import { invalid } from '../cli-error.js';
import type { Command } from '../command/definition.js';
import { latestFlag, selectOne } from '../selection.js';

const LETTERS: Readonly<Record<FileChange['kind'], string>> = { added: 'A', changed: 'C', deleted: 'D' };

export const command: Command = {
  name: 'diff',
  summary: "Inspect changes to the container's file systems",
  description:
    'Lists the files that a container has added (A), changed (C) and deleted (D) in its root file system. Directories count as changed when something in them has.',
  usage: '[options] CONTAINER',
  examples: ['diff web', 'diff --format json web'],
  flags: [{ name: 'format', kind: 'text', value: 'format', choices: ['json'], help: 'Print as json' }, latestFlag],
  completion: ['containers', []],
  check: ({ args, flags }) => {
    const latest = flags.bool('latest');
    if (latest ? args.length > 0 : args.length === 0)
      throw invalid(
        latest
          ? '--latest and containers cannot be used together'
          : '"tspod diff" requires a name, id, or the "--latest" flag',
      );
    if (args.length > 1) throw invalid(`accepts at most 1 arg(s), received ${args.length}`);
  },
  run: async (context, { args, flags }) => {
    const container = await selectOne(context, args[0], flags.bool('latest'));
    const changes = await container.diff();
    if (flags.text('format') === 'json') {
      await context.out(`${JSON.stringify(byKind(changes), null, 2)}\n`);
    } else if (changes.length > 0) {
      await context.out(changes.map(({ kind, path }) => `${LETTERS[kind]} ${path}\n`).join(''));
    }
    return 0;
  },
};

/** Kinds that did not happen are left out, as Podman does. */
function byKind(changes: readonly FileChange[]): Partial<Record<FileChange['kind'], string[]>> {
  const result: Partial<Record<FileChange['kind'], string[]>> = {};
  for (const kind of ['changed', 'added', 'deleted'] as const) {
    const paths = changes.filter((change) => change.kind === kind).map(({ path }) => path);
    if (paths.length > 0) result[kind] = paths;
  }
  return result;
}
