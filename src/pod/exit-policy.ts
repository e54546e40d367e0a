/**
 * Exit policy `stop`: stops a pod once only its infra container is running. There is no daemon that waits for this: the
 * process that records the last end does it.
 */
import { inBackground, type EngineContext } from '../container/context.js';
import { failpoint } from '../container/failpoint.js';
import { isIdle } from '../container/pod/infra.js';
import { withFreePod, withPod } from '../container/pod/lock.js';
import { isLive, presentStatus } from '../container/pod/members.js';
import { finishRemovalOfPod } from '../container/verbs/remove.js';
import type { StoredPod } from '../state/pods.js';
import { stopMembers } from './verbs/stop.js';

/**
 * Stops the pod in the background if it is idle (for EngineContext.onMemberEnd). The caller holds the container's lock;
 * the pod's lock must be taken before containers' locks, so this runs afterwards.
 */
export function stopWhenIdle(context: EngineContext, id: string): void {
  const pod = context.store.pods.get(id);
  if (pod === undefined || !isToStop(context, pod)) return;
  inBackground(context, withPod(context, id, stopIdle));
}

/** Stops the pod if it is still idle. Call it under the pod's lock; a container may have been started meanwhile. */
async function stopIdle(context: EngineContext, pod: StoredPod): Promise<void> {
  if (!isToStop(context, pod)) return;
  failpoint('pod-idle');
  await stopMembers(context, pod, {});
}

function isToStop(context: EngineContext, pod: StoredPod): boolean {
  const { infraId, removing, config } = pod;
  if (config.exitPolicy !== 'stop' || infraId === '' || removing) return false;
  const infra = context.store.get(infraId);
  return infra !== undefined && isLive(presentStatus(context, infra)) && isIdle(context, pod);
}

/**
 * Repairs pods when an engine opens: completes interrupted removals, and stops idle pods. A pod whose lock is held is
 * left to the holder.
 */
export async function repairPods(context: EngineContext): Promise<void> {
  const { pods } = context.store;
  for (const id of pods.removing()) await withFreePod(context, id, finishRemovalOfPod).catch(() => undefined);
  for (const id of pods.stopping()) {
    const pod = pods.get(id);
    if (pod === undefined || !isToStop(context, pod) || !hasEnded(context, pod)) continue;
    await withFreePod(context, id, stopIdle).catch(() => undefined);
  }
}

/**
 * Whether a container of the pod has ended: false if only the infra container was ever started. Also true if a stop of
 * the infra container was interrupted: nobody is working on it, since this process holds the pod's lock.
 */
function hasEnded({ store }: EngineContext, { id, infraId }: StoredPod): boolean {
  const infra = store.get(infraId)?.state;
  if (infra?.status === 'stopping' || store.pods.wasLeft(id)) return true;
  return store.pods.members(id).some((member) => member !== infraId && store.get(member)?.state.status === 'exited');
}
