/** Stops the running containers of a pod. */
import type { EngineContext } from '../../container/context.js';
import { recordEngineEvent } from '../../container/events.js';
import { withPod } from '../../container/pod/lock.js';
import { isLive, membersOf } from '../../container/pod/members.js';
import type { StoredPod } from '../../state/pods.js';
import type { PodStopOptions } from '../api.js';
import { endMembers } from './end.js';
import { startMembers } from './start.js';

/** Stops the pod. Throws NO_SUCH_POD, POD_PARTIAL_FAIL. */
export async function stopPod(context: EngineContext, id: string, options: PodStopOptions = {}): Promise<void> {
  await withPod(
    context,
    id,
    async (inner, pod) => {
      await stopMembers(inner, pod, options);
    },
    { signal: options.signal },
  );
}

/** Stops and starts the pod, without its init containers and without releasing its lock in between. */
export async function restartPod(context: EngineContext, id: string, options: PodStopOptions = {}): Promise<void> {
  await withPod(
    context,
    id,
    async (inner, pod) => {
      await stopMembers(inner, pod, options);
      await startMembers(inner, pod, { ...options, inits: false });
    },
    { signal: options.signal },
  );
}

/**
 * Stops the running containers; call it under the pod's lock. Containers are stopped before those they depend on, the
 * infra container last, and not at all if stopping others fails.
 */
export async function stopMembers(context: EngineContext, pod: StoredPod, options: PodStopOptions): Promise<void> {
  const { id, name, config } = pod;
  const { timeoutSec, signal, onWarning } = options;
  const how = {
    depend: true,
    ...(timeoutSec === undefined ? {} : { timeoutSec }),
    ...(signal === undefined ? {} : { signal }),
    ...(onWarning === undefined ? {} : { onWarning }),
  };
  const live = membersOf(context, pod).filter(({ status }) => isLive(status));
  await endMembers(context, pod, { members: live, how });
  recordEngineEvent(context, { type: 'pod', status: 'stop', id, name, attributes: config.labels });
}
