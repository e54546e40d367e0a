/** What a container has changed in its root file system: its own layer, read against the layers below. */
import { TspodError } from '../../errors.js';
import { abortedError } from '../../native/abort.js';
import { openDirectory, ownFd } from '../../native/directory-entries.js';
import { executeFor } from '../../native/execute.js';
import { encodePlan } from '../../plan/encode.js';
import { lowerRootPlan } from '../../plan/root.js';
import type { ContainerConfig } from '../../spec/config.js';
import { mountTargets } from '../../spec/generate.js';
import { layerChanges } from '../../storage/layer-changes.js';
import type { SignalOption } from '../api/container.js';
import type { EngineContext } from '../context.js';
import type { FileChange } from '../api/files.js';
import { withContainer } from '../held.js';
import type { Operation } from '../transitions.js';
import { prepareRoot } from '../launch/prepare.js';

/** A link that the engine makes if there is none. */
const MTAB = '/etc/mtab';

export async function diffContainer(
  context: EngineContext,
  id: string,
  { signal }: SignalOption = {},
): Promise<readonly FileChange[]> {
  using opened = await openOwnLayer(context, id, { operation: 'diff', signal });
  return await changesOf(opened, 'diff', signal);
}

/** A container's own layer, and what it is read against. */
export interface OwnLayer extends Disposable {
  /** O_PATH descriptor of the container's own layer. */
  readonly upper: number;
  readonly lower: number;
  /** Paths on which something is mounted. */
  readonly made: readonly string[];
  readonly config: ContainerConfig;
}

/** Opens a container's own layer. Throws NOT_SUPPORTED for a container that has none. */
export async function openOwnLayer(
  context: EngineContext,
  id: string,
  { operation, signal }: { readonly operation: Operation; readonly signal: AbortSignal | undefined },
): Promise<OwnLayer> {
  return withContainer(
    context,
    id,
    async (held) => {
      held.require(operation);
      const { config, paths } = held;
      const { root, hostCovers } = await prepareRoot(context, { id, config, paths });
      if (root.kind !== 'overlay')
        throw new TspodError(
          'NOT_SUPPORTED',
          `container ${id} has no layer of its own: its root directory is used as it is`,
        );
      const { plan, slot } = lowerRootPlan(root.lowerDirs, root.redirects === true, context.paths.locks);
      const lower = ownFd(await executeFor(encodePlan(plan), slot));
      try {
        const upper = openDirectory(paths.upper);
        return {
          lower: lower.fd,
          upper: upper.fd,
          made: [...mountTargets(config), ...hostCovers.map(({ path }) => path), MTAB],
          config,
          [Symbol.dispose]: () => {
            lower.close();
            upper.close();
          },
        };
      } catch (error) {
        lower.close();
        throw error;
      }
    },
    { signal },
  );
}

export async function changesOf(
  { upper, lower, made }: OwnLayer,
  doing: string,
  signal: AbortSignal | undefined,
): Promise<readonly FileChange[]> {
  const changes: FileChange[] = [];
  for await (const change of layerChanges({ upper, lower }, new Set(made))) {
    if (signal?.aborted === true) throw abortedError(doing, signal);
    changes.push(change);
  }
  return changes;
}
