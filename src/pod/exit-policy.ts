/** Stops a pod that is to be stopped when nothing of it runs but its infra container. No daemon waits for that: whoever records the last end does it. */
import { inBackground, type EngineContext } from '../container/context.js';
import { failpoint } from '../container/failpoint.js';
import { isIdle } from '../container/pod/infra.js';
import { withFreePod, withPod } from '../container/pod/lock.js';
import { isLive, presentStatus } from '../container/pod/members.js';
import { finishRemovalOfPod } from '../container/verbs/remove.js';
import type { StoredPod } from '../state/pods.js';
import { stopMembers } from './verbs/stop.js';

/** For EngineContext.onMemberEnd: the end is recorded under the container's lock, and the pod's comes before that, so this comes after. */
export function stopWhenIdle(context: EngineContext, id: string): void {
  const pod = context.store.pods.get(id);
  if (pod === undefined || !isToStop(context, pod)) return;
  inBackground(context, withPod(context, id, stopIdle));
}

/** Under the pod's lock: somebody may have started something meanwhile. */
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

/** When an engine opens: removals that were cut off, and pods that were to be stopped. Pods that somebody is at work on are in that one's care. */
export async function repairPods(context: EngineContext): Promise<void> {
  const { pods } = context.store;
  for (const id of pods.removing()) await withFreePod(context, id, finishRemovalOfPod).catch(() => undefined);
  for (const id of pods.stopping()) {
    const pod = pods.get(id);
    if (pod === undefined || !isToStop(context, pod) || !hasEnded(context, pod)) continue;
    await withFreePod(context, id, stopIdle).catch(() => undefined);
  }
}

/** Not one whose infra container alone was started so far. A stop of that one was cut off: nobody is at it who holds the pod's lock. */
function hasEnded({ store }: EngineContext, { id, infraId }: StoredPod): boolean {
  const infra = store.get(infraId)?.state;
  if (infra?.status === 'stopping' || store.pods.wasLeft(id)) return true;
  return store.pods.members(id).some((member) => member !== infraId && store.get(member)?.state.status === 'exited');
}
