/** Runs the init containers of a pod. */
import type { SignalOption } from '../../container/api/container.js';
import { untilClosing, type EngineContext } from '../../container/context.js';
import { failpoint } from '../../container/failpoint.js';
import { withContainer } from '../../container/held.js';
import { failuresOf, requireNone } from '../../container/pod/failures.js';
import { membersOf, type Member } from '../../container/pod/members.js';
import { removeContainer } from '../../container/verbs/remove.js';
import { waitForContainer } from '../../container/verbs/wait.js';
import { isTspodError, TspodError } from '../../errors.js';
import type { StoredPod } from '../../state/pods.js';
import { begin } from './begin.js';

/**
 * Runs the init containers to their ends, oldest first, and removes those that are to run `once`; call it under the
 * pod's lock, when the infra container runs. Throws for the first that cannot be started (POD_PARTIAL_FAIL) or whose
 * exit code is not 0 (INIT_CONTAINER_FAILED), and ABORTED or ENGINE_CLOSED: it goes on then, and the next start of the
 * pod waits for it. One that is removed meanwhile is no failure.
 */
export async function runInitContainers(context: EngineContext, pod: StoredPod, how: SignalOption): Promise<void> {
  for (const { id, initContainer } of membersOf(context, pod)) {
    if (initContainer !== undefined) await runUnlessGone(context, pod, { id, how });
  }
}

interface InitRun extends Pick<Member, 'id'> {
  readonly how: SignalOption;
}

async function runUnlessGone(context: EngineContext, pod: StoredPod, { id, how }: InitRun): Promise<void> {
  const member = membersOf(context, pod).find((each) => each.id === id);
  if (member === undefined) return;
  const { initContainer, status } = member;
  // Whoever ran it before may have been killed before the removal, or in the middle of it.
  const isDone = status === 'removing' || (initContainer === 'once' && (await hasSucceeded(context, member)));
  if (!isDone) await runToItsEnd(context, pod, { id, how });
  if (status === 'removing' || initContainer === 'once')
    await removeContainer(context, id, { volumes: true, ...how }).catch(ignoreGone);
}

/** Whether it has been run, before this start or by somebody else, and has done its work. */
async function hasSucceeded(context: EngineContext, { id, status }: Member): Promise<boolean> {
  return status === 'exited' && (await waitForContainer(context, id)) === 0;
}

async function runToItsEnd(context: EngineContext, pod: StoredPod, { id, how }: InitRun): Promise<void> {
  const errors = await failuresOf([[id, begin(context, id, how)]]);
  if (context.store.get(id) === undefined) return;
  requireNone(pod.id, 'starting some containers', errors, how.signal);
  const exitCode = await untilClosing(context, how.signal, (signal) => waitForContainer(context, id, { signal }));
  // Its end is recorded, by which a pod of exit policy `stop` knows that it is idle.
  await withContainer(context, id, () => undefined, { ...how, refreshes: true }).catch(ignoreGone);
  if (exitCode !== 0)
    throw new TspodError('INIT_CONTAINER_FAILED', `init container ${id} exited with code ${String(exitCode)}`, {
      details: { id, pod: pod.id, exitCode },
    });
  failpoint('pod-init-ended');
}

function ignoreGone(error: unknown): void {
  if (!isTspodError(error, 'NO_SUCH_CONTAINER')) throw error;
}
