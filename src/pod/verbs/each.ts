/** Runs an action in parallel on those containers of a pod that have certain statuses. */
import type { ContainerStatus } from '../../container/api/container.js';
import type { EngineContext } from '../../container/context.js';
import { recordEngineEvent } from '../../container/events.js';
import { failuresOf, requireNone } from '../../container/pod/failures.js';
import { withPod } from '../../container/pod/lock.js';
import { membersOf } from '../../container/pod/members.js';
import { isTspodError } from '../../errors.js';

export interface EachOptions {
  readonly statuses: readonly ContainerStatus[];
  readonly act: (context: EngineContext, id: string) => Promise<void>;
  /** Status of the event to record. */
  readonly event: 'kill' | 'pause' | 'unpause';
  /** Description of the action, for the error if it fails for some. */
  readonly what: string;
}

/**
 * Runs the action. A container that has ended or was removed meanwhile is no failure. Throws NO_SUCH_POD,
 * POD_PARTIAL_FAIL.
 */
export async function onEach(
  context: EngineContext,
  id: string,
  { statuses, act, event, what }: EachOptions,
): Promise<void> {
  await withPod(context, id, async (inner, pod) => {
    const members = membersOf(inner, pod).filter(({ status }) => statuses.includes(status));
    const errors = await failuresOf(members.map((member) => [member.id, act(inner, member.id).catch(ignoreGone)]));
    recordEngineEvent(inner, { type: 'pod', status: event, id, name: pod.name, attributes: pod.config.labels });
    requireNone(id, what, errors);
  });
}

function ignoreGone(error: unknown): void {
  if (!isTspodError(error, 'STATE_INVALID') && !isTspodError(error, 'NO_SUCH_CONTAINER')) throw error;
}
