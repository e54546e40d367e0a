import { invalid } from '../errors/cli-error.js';
import type { Command, Invocation } from '../command-parts/definition.js';
import { changesFormatFlag, changesText } from '../rows/file-changes.js';
import { latestFlag } from '../targets/containers.js';

export const command: Command = {
  name: 'diff',
  summary: 'Inspect changes to the file systems of a container or an image',
  description:
    'Lists the files that a container, or else the top layer of an image, has added (A), changed (C) and deleted (D), or the differences from a second one. A directory counts as changed when something in it has changed.',
  usage: '[options] {CONTAINER|IMAGE} [{CONTAINER|IMAGE}]',
  examples: ['diff web', 'diff --format json web', 'diff app:2 app:1'],
  flags: [changesFormatFlag, latestFlag],
  completion: ['containers', 'containers', []],
  check: checkDiff,
  run: async (context, { args, flags }) => {
    const engine = await context.engine();
    const [first, ...others] = flags.bool('latest') ? [engine.containers.latest().id, ...args] : args;
    const [against] = others;
    const changes = await engine.diff(first ?? '', against);
    await context.out(changesText(changes, flags.text('format')));
    return 0;
  },
};

export function checkDiff({ args, flags }: Invocation): void {
  const latest = flags.bool('latest');
  if (latest ? args.length > 0 : args.length === 0)
    throw invalid(
      latest
        ? '--latest and containers cannot be used together'
        : '"tspod diff" requires a name, id, or the "--latest" flag',
    );
  if (args.length > 2) throw invalid(`accepts at most 2 arg(s), received ${args.length}`);
}
