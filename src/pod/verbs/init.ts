/** Runs the init containers of a pod. */
import type { SignalOption } from '../../container/api/container.js';
import type { EngineContext } from '../../container/context.js';
import { observe, stateOf } from '../../container/observe.js';
import { failpoint } from '../../container/failpoint.js';
import { failuresOf, requireNone } from '../../container/pod/failures.js';
import { isLive, membersOf, type Member } from '../../container/pod/members.js';
import { removeContainer } from '../../container/verbs/remove.js';
import { waitForContainer } from '../../container/verbs/wait.js';
import { TspodError } from '../../errors.js';
import type { StoredPod } from '../../state/pods.js';
import { containerPaths } from '../../storage/paths.js';
import { begin } from './begin.js';

/**
 * Runs the init containers to their ends, oldest first, and removes those that are to run `once`; call it under the
 * pod's lock, when the infra container runs. None is run if all other containers run already. Throws for the first that
 * cannot be started (POD_PARTIAL_FAIL) or whose exit code is not 0 (INIT_CONTAINER_FAILED), and ABORTED: it goes on
 * then, and the next start of the pod waits for it.
 */
export async function runInitContainers(context: EngineContext, pod: StoredPod, how: SignalOption): Promise<void> {
  const members = membersOf(context, pod);
  const others = members.filter(({ isInfra, init }) => !isInfra && init === undefined);
  if (others.length > 0 && others.every(({ status }) => isLive(status))) return;
  for (const member of members) if (member.init !== undefined) await runOne(context, pod, { member, how });
}

interface InitRun {
  readonly member: Member;
  readonly how: SignalOption;
}

async function runOne(context: EngineContext, pod: StoredPod, { member, how }: InitRun): Promise<void> {
  const { id, init } = member;
  // Whoever ran it before may have been killed before the removal.
  if (init !== 'once' || !hasSucceeded(context, id)) {
    const errors = await failuresOf([[id, begin(context, id, how)]]);
    requireNone(pod.id, 'starting some containers', errors, how.signal);
    const code = await waitForContainer(context, id, how);
    if (code !== 0) throw hasFailed(pod, id, code);
    failpoint('pod-init-ended');
  }
  if (init === 'once') await removeContainer(context, id, { volumes: true, ...how });
}

function hasFailed(pod: StoredPod, id: string, exitCode: number): TspodError {
  return new TspodError('INIT_CONTAINER_FAILED', `init container ${id} exited with code ${String(exitCode)}`, {
    details: { id, pod: pod.id, exitCode },
  });
}

/** Whether the container has done its work: it ended by itself, with exit code 0. */
function hasSucceeded(context: EngineContext, id: string): boolean {
  const stored = context.store.get(id);
  if (stored === undefined) return false;
  const observation = observe(stored.state, containerPaths(context.directories, id));
  const { status, exitCode, stoppedByUser } = stateOf(stored, observation);
  return status === 'exited' && exitCode === 0 && !stoppedByUser;
}
