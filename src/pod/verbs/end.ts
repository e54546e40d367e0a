/** Stops some containers of a pod. */
import type { StopOptions } from '../../container/api/container.js';
import type { EngineContext } from '../../container/context.js';
import { failuresOf, requireNone } from '../../container/pod/failures.js';
import type { Member } from '../../container/pod/members.js';
import { stopContainer } from '../../container/verbs/stop.js';
import { isTspodError } from '../../errors.js';
import type { StoredPod } from '../../state/pods.js';

interface Ends {
  readonly members: readonly Member[];
  readonly how: StopOptions;
}

/**
 * Stops the containers; call it under the pod's lock. The infra container is stopped last, and not at all if stopping
 * others fails. Throws POD_PARTIAL_FAIL.
 */
export async function endMembers(
  context: EngineContext,
  { id }: Pick<StoredPod, 'id'>,
  { members, how }: Ends,
): Promise<void> {
  for (const isInfra of [false, true]) {
    const some = members.filter((member) => member.isInfra === isInfra);
    const errors = await failuresOf(
      some.map((member) => [member.id, stopContainer(context, member.id, how).catch(ignoreEnded)]),
    );
    requireNone(id, 'stopping some containers', errors, how.signal);
  }
}

function ignoreEnded(error: unknown): void {
  if (!isTspodError(error, 'CONTAINER_STOPPED') && !isTspodError(error, 'NO_SUCH_CONTAINER')) throw error;
}
