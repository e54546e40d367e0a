/** Starts the containers of a pod that are not running. */
import type { SignalOption } from '../../container/api/container.js';
import type { EngineContext } from '../../container/context.js';
import { recordEngineEvent } from '../../container/events.js';
import { failuresOf, requireNone } from '../../container/pod/failures.js';
import { withPod } from '../../container/pod/lock.js';
import { membersOf, type Member } from '../../container/pod/members.js';
import { noSuchPod } from '../../state/lookup.js';
import type { StoredPod } from '../../state/pods.js';
import { begin } from './begin.js';
import { endMembers } from './end.js';
import { runInitContainers } from './init.js';

/** Starts the pod. Throws NO_SUCH_POD, POD_PARTIAL_FAIL, INIT_CONTAINER_FAILED. */
export async function startPod(context: EngineContext, id: string, options: SignalOption = {}): Promise<void> {
  await withPod(
    context,
    id,
    async (inner, pod) => {
      await startMembers(inner, pod, { ...options, inits: true });
    },
    { signal: options.signal },
  );
}

interface Start extends SignalOption {
  /** Whether init containers are run. */
  readonly inits: boolean;
}

/**
 * Starts the containers; call it under the pod's lock. Containers whose stop is under way, or was interrupted, are
 * stopped first. The infra container is started before all others, which depend on it.
 */
export async function startMembers(context: EngineContext, pod: StoredPod, { signal, inits }: Start): Promise<void> {
  const { id, name, removing, config } = pod;
  if (removing) throw noSuchPod(id);
  const how = signal === undefined ? {} : { signal };
  const members = membersOf(context, pod);
  await endMembers(context, pod, { members: members.filter(({ status }) => status === 'stopping'), how });
  const beginAll = (isNext: (member: Member) => boolean) =>
    failuresOf(members.filter(isNext).map((member) => [member.id, begin(context, member.id, how)] as const));
  const infra = await beginAll(({ isInfra }) => isInfra);
  requireNone(id, 'starting some containers', infra, signal);
  if (inits) await runInitContainers(context, pod, how);
  const others = await beginAll(({ isInfra, initContainer }) => !isInfra && initContainer === undefined);
  recordEngineEvent(context, { type: 'pod', status: 'start', id, name, attributes: config.labels });
  requireNone(id, 'starting some containers', others, signal);
}
