/** Removes what a crash has left of networks, of which a container's record says nothing. */
import { execute } from '../../native/execute.js';
import { removeLockFile, tryLock } from '../../native/file-lock.js';
import { encodePlan } from '../../plan/encode.js';
import { teardownPlan } from '../../plan/teardown.js';
import { containerPaths } from '../../storage/paths.js';
import { removeLostBridges } from './bridges.js';
import type { EngineContext } from '../context.js';
import { isAtRest } from '../held.js';
import { addedIds, removeAdded } from './added.js';
import { connectedIds, leftNetwork } from './record.js';

/**
 * Undoes what monitors did not: networks of containers that are at rest or forgotten, and bridges that nobody keeps.
 * `unsettled`: as for removeOrphans().
 */
export async function removeLostNetworks(context: EngineContext, unsettled: ReadonlySet<string>): Promise<void> {
  const ids = new Set([...connectedIds(context), ...addedIds(context)]);
  for (const id of ids) if (!unsettled.has(id)) await removeLost(context, id);
  await removeLostBridges(context.paths.networks);
}

async function removeLost(context: EngineContext, id: string): Promise<void> {
  // Whoever holds the lock is at work on the container, and sees to it.
  using held = tryLock(containerPaths(context.directories, id).lock);
  if (held === undefined) return;
  const stored = context.store.get(id);
  if (stored !== undefined && !isAtRest(stored.state)) return;
  const network = leftNetwork(context, id);
  // What fails is found again by the next engine.
  if (network !== undefined)
    await execute(encodePlan(teardownPlan({ id, cgroup: undefined, network }))).catch(() => undefined);
  await removeAdded(context, id).catch(() => undefined);
  removeLockFile(held);
}
