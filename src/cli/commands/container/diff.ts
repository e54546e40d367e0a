import type { Command } from '../../command-parts/definition.js';
import { changesText } from '../../rows/file-changes.js';
import { selectOne } from '../../targets/containers.js';
import { checkDiff, command as anyDiff } from '../diff.js';

export const command: Command = {
  ...anyDiff,
  summary: "Inspect changes to the container's file systems",
  description:
    'Lists the files that a container has added (A), changed (C) and deleted (D) in its root file system, or the differences from those of a second one. A directory counts as changed when something in it has changed.',
  usage: '[options] CONTAINER [CONTAINER]',
  examples: ['container diff web', 'container diff --format json web'],
  check: checkDiff,
  run: async (context, { args, flags }) => {
    const [name, other] = args;
    const container = await selectOne(context, name, { latest: flags.bool('latest') });
    const engine = await context.engine();
    const against = other === undefined ? undefined : await selectOne(context, other);
    const changes = await engine.diff(container.id, against?.id);
    await context.out(changesText(changes, flags.text('format')));
    return 0;
  },
};
