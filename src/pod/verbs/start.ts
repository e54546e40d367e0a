/** Starts the containers of a pod that are not running. */
import type { SignalOption } from '../../container/api/container.js';
import type { EngineContext } from '../../container/context.js';
import { recordEngineEvent } from '../../container/events.js';
import { failuresOf, requireNone } from '../../container/pod/failures.js';
import { withPod } from '../../container/pod/lock.js';
import { membersOf } from '../../container/pod/members.js';
import { startContainer } from '../../container/verbs/start.js';
import { isTspodError } from '../../errors.js';
import { noSuchPod } from '../../state/lookup.js';
import type { StoredPod } from '../../state/pods.js';
import { endMembers } from './end.js';

/** Starts the pod. Throws NO_SUCH_POD, POD_PARTIAL_FAIL. */
export async function startPod(context: EngineContext, id: string, options: SignalOption = {}): Promise<void> {
  await withPod(
    context,
    id,
    async (inner, pod) => {
      await startMembers(inner, pod, options);
    },
    { signal: options.signal },
  );
}

/**
 * Starts the containers; call it under the pod's lock. Containers whose stop is under way, or was interrupted, are
 * stopped first. The infra container is started before all others, which depend on it.
 */
export async function startMembers(context: EngineContext, pod: StoredPod, { signal }: SignalOption): Promise<void> {
  const { id, name, infraId, removing, config } = pod;
  if (removing) throw noSuchPod(id);
  const how = signal === undefined ? {} : { signal };
  const stopping = membersOf(context, pod).filter(({ status }) => status === 'stopping');
  await endMembers(context, pod, { members: stopping, how });
  const options = { recursive: true, ...how };
  const start = (member: string) => startContainer(context, member, options).catch(ignoreRunning);
  const begin = (members: readonly string[]) => failuresOf(members.map((member) => [member, start(member)] as const));
  const members = membersOf(context, pod).map((member) => member.id);
  const infra = await begin(members.filter((member) => member === infraId));
  requireNone(id, 'starting some containers', infra, signal);
  const others = await begin(members.filter((member) => member !== infraId));
  recordEngineEvent(context, { type: 'pod', status: 'start', id, name, attributes: config.labels });
  requireNone(id, 'starting some containers', others, signal);
}

function ignoreRunning(error: unknown): void {
  if (!isTspodError(error, 'STATE_RUNNING')) throw error;
}
