/** Runs the init containers of a pod. */
import type { SignalOption } from '../../container/api/container.js';
import { untilClosing, type EngineContext } from '../../container/context.js';
import { settleNow } from '../../container/held.js';
import { failpoint } from '../../container/failpoint.js';
import { observe, stateOf } from '../../container/observe.js';
import { failuresOf, requireNone } from '../../container/pod/failures.js';
import { removeContainer } from '../../container/verbs/remove.js';
import { waitForContainer } from '../../container/verbs/wait.js';
import { isTspodError, TspodError } from '../../errors.js';
import type { StoredPod } from '../../state/pods.js';
import { containerPaths } from '../../storage/paths.js';
import { begin } from './begin.js';

/**
 * Runs the init containers to their ends, oldest first, and removes those that are to run `once`; call it under the
 * pod's lock, when the infra container runs. Throws for the first that cannot be started (POD_PARTIAL_FAIL) or whose
 * exit code is not 0 (INIT_CONTAINER_FAILED), and ABORTED or ENGINE_CLOSED: it goes on then, and the next start of the
 * pod waits for it. One that is removed meanwhile is no failure.
 */
export async function runInitContainers(context: EngineContext, pod: StoredPod, how: SignalOption): Promise<void> {
  for (const { id, init } of context.store.pods.membersWithKind(pod.id)) {
    if (init !== null) await runUnlessGone(context, pod, { id, isOnce: init === 'once', how });
  }
}

interface InitRun {
  readonly id: string;
  readonly isOnce: boolean;
  readonly how: SignalOption;
}

async function runUnlessGone(context: EngineContext, pod: StoredPod, run: InitRun): Promise<void> {
  const { id, isOnce, how } = run;
  const stored = context.store.get(id);
  if (stored === undefined) return;
  const { status, exitCode } = stateOf(stored, observe(stored.state, containerPaths(context.directories, id)));
  // Whoever ran it before may have been killed before the removal, or in the middle of it.
  const isDone = status === 'removing' || (isOnce && status === 'exited' && exitCode === 0);
  if (!isDone) await runToItsEnd(context, pod, run);
  if (isOnce || status === 'removing') await removeContainer(context, id, { volumes: true, ...how }).catch(ignoreGone);
}

async function runToItsEnd(context: EngineContext, pod: StoredPod, { id, how }: InitRun): Promise<void> {
  const errors = await failuresOf([[id, begin(context, id, how)]]);
  if (context.store.get(id) === undefined) return;
  requireNone(pod.id, 'starting some containers', errors, how.signal);
  const exitCode = await untilClosing(context, how.signal, (signal) => waitForContainer(context, id, { signal }));
  // Its end is recorded, by which a pod of exit policy `stop` knows that it is idle.
  await settleNow(context, id, how.signal);
  if (exitCode !== 0)
    throw new TspodError('INIT_CONTAINER_FAILED', `init container ${id} exited with code ${String(exitCode)}`, {
      details: { id, pod: pod.id, exitCode },
    });
  failpoint('pod-init-ended');
}

function ignoreGone(error: unknown): void {
  if (!isTspodError(error, 'NO_SUCH_CONTAINER')) throw error;
}
