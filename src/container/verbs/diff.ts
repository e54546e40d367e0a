/** What a container has changed in its root file system: its own layer, read against the layers below. */
import { openSync } from 'node:fs';

import { TspodError } from '../../errors.js';
import { abortedError } from '../../native/abort.js';
import { O_DIRECTORY, O_PATH, ownFd, type OwnedFd } from '../../native/directory-entries.js';
import { executeFor } from '../../native/execute.js';
import { encodePlan } from '../../plan/encode.js';
import { lowerRootPlan } from '../../plan/root.js';
import { mountTargets } from '../../spec/generate.js';
import { layerChanges } from '../../storage/layer-changes.js';
import type { SignalOption } from '../api.js';
import type { EngineContext } from '../context.js';
import type { FileChange } from '../files-api.js';
import { withContainer } from '../held.js';
import { prepareRoot } from '../prepare.js';

/** A link that the engine makes where there is none. */
const MTAB = '/etc/mtab';

export async function diffContainer(
  context: EngineContext,
  id: string,
  { signal }: SignalOption = {},
): Promise<readonly FileChange[]> {
  const opened = await withContainer(
    context,
    id,
    async (held) => {
      held.require('diff');
      const { config, paths } = held;
      const { root, hostBinds } = await prepareRoot(context, { id, config, paths });
      if (root.kind !== 'overlay')
        throw new TspodError(
          'NOT_SUPPORTED',
          `container ${id} has no layer of its own: its root directory is used as it is`,
        );
      const { plan, slot } = lowerRootPlan(root.lowerDirs, root.redirects === true, context.paths.locks);
      const lower = ownFd(await executeFor(encodePlan(plan), slot));
      try {
        const upper: OwnedFd = ownFd(openSync(paths.upper, O_PATH | O_DIRECTORY));
        return { lower, upper, made: [...mountTargets(config), ...hostBinds, MTAB] };
      } catch (error) {
        lower.close();
        throw error;
      }
    },
    { signal },
  );
  using lower = opened.lower;
  using upper = opened.upper;
  const changes: FileChange[] = [];
  for await (const change of layerChanges({ upper: upper.fd, lower: lower.fd }, new Set(opened.made))) {
    if (signal?.aborted === true) throw abortedError('diff', signal);
    changes.push(change);
  }
  return changes;
}
