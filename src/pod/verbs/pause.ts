/** Freezes and resumes the containers of a pod. */
import type { EngineContext } from '../../container/context.js';
import { pauseContainer, unpauseContainer } from '../../container/verbs/pause.js';
import { onEach } from './each.js';

/** Freezes the running containers of the pod. Throws NO_SUCH_POD, POD_PARTIAL_FAIL. */
export async function pausePod(context: EngineContext, id: string): Promise<void> {
  await onEach(context, id, {
    statuses: ['running'],
    act: pauseContainer,
    event: 'pause',
    what: 'pausing some containers',
  });
}

/** Resumes the paused containers of the pod. Throws NO_SUCH_POD, POD_PARTIAL_FAIL. */
export async function unpausePod(context: EngineContext, id: string): Promise<void> {
  await onEach(context, id, {
    statuses: ['paused'],
    act: unpauseContainer,
    event: 'unpause',
    what: 'unpausing some containers',
  });
}
