/** Resource usage and processes of a pod's containers. */
import type { StatsOptions } from '../../container/api/stats.js';
import type { EngineContext } from '../../container/context.js';
import { membersOf } from '../../container/pod/members.js';
import { containerStats } from '../../container/verbs/stats.js';
import { containerProcesses } from '../../container/verbs/top.js';
import { isTspodError } from '../../errors.js';
import type { PodMemberProcesses, PodMemberStats } from '../api.js';
import { storedPod } from '../summary.js';

/** Returns the resource usage of each container of the pod. Throws NO_SUCH_POD. */
export function podStats(context: EngineContext, id: string, options?: StatsOptions): readonly PodMemberStats[] {
  return membersOf(context, storedPod(context, id)).map((member) => ({
    id: member.id,
    name: member.name,
    stats: undefinedIfUncounted(() => containerStats(context, member.id, options)),
  }));
}

/** Returns the processes of the pod's running containers. Throws NO_SUCH_POD. */
export async function podTop(context: EngineContext, id: string): Promise<readonly PodMemberProcesses[]> {
  const found: PodMemberProcesses[] = [];
  for (const member of membersOf(context, storedPod(context, id))) {
    try {
      found.push({ id: member.id, name: member.name, processes: await containerProcesses(context, member.id) });
    } catch (error) {
      if (!doesNotRun(error)) throw error;
    }
  }
  return found;
}

function undefinedIfUncounted<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    if (doesNotRun(error) || isTspodError(error, 'NO_CGROUPS')) return undefined;
    throw error;
  }
}

function doesNotRun(error: unknown): boolean {
  return (
    isTspodError(error, 'STATE_INVALID') ||
    isTspodError(error, 'CONTAINER_STOPPED') ||
    isTspodError(error, 'NO_SUCH_CONTAINER')
  );
}
