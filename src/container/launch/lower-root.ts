/** What lies below a container's own layer. */
import { openDirectory, ownFd, type OwnedFd } from '../../native/directory-entries.js';
import { executeFor } from '../../native/execute.js';
import type { RootSource } from '../../plan/context.js';
import { encodePlan } from '../../plan/encode.js';
import { lowerRootPlan } from '../../plan/root.js';
import type { EngineContext } from '../context.js';

/** Opens the layers of the root below the container's own, as one tree. */
export async function openLower(context: EngineContext, root: RootSource): Promise<OwnedFd> {
  if (root.kind === 'directory') return openDirectory(root.path);
  const { plan, slot } = lowerRootPlan(root.lowerDirs, false, context.paths.locks);
  return ownFd(await executeFor(encodePlan(plan), slot));
}
