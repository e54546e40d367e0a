/**
 * Removes a pod with its containers. If that is cut off anywhere, the record says that the pod is being removed, and
 * the next command goes on.
 */
import type { TspodError } from '../../errors.js';
import { isTspodError } from '../../errors.js';
import { removeLockFile, tryLock } from '../../native/file-lock.js';
import type { StoredPod } from '../../state/pods.js';
import { containerPaths } from '../../storage/paths.js';
import type { RemoveOptions } from '../api/container.js';
import type { EngineContext } from '../context.js';
import { recordEngineEvent } from '../events.js';
import { failpoint } from '../failpoint.js';
import { isAllowed, requireAllowed } from '../transitions.js';
import { removePodCgroup } from './cgroup.js';
import { failuresOf, partialFail, requireNotAborted, type Failures } from './failures.js';
import { withPod } from './lock.js';
import { membersOf, presentStatus, type Member } from './members.js';

/** Removes one container, whether it is the infra container or another. */
export type RemoveOne = (context: EngineContext, id: string, options: RemoveOptions) => Promise<unknown>;

export interface PodRemoval extends Pick<RemoveOptions, 'force' | 'timeoutSec' | 'signal'> {
  readonly removeOne: RemoveOne;
}

/**
 * Removes a pod. Throws NO_SUCH_POD; POD_PARTIAL_FAIL if containers of it run and `force` is not given, or if some
 * cannot be removed.
 */
export async function removePod(context: EngineContext, id: string, removal: PodRemoval): Promise<void> {
  await withPod(
    context,
    id,
    async (inner, pod) => {
      // In one transaction: whoever starts a container of the pod sees the removal, or is seen here.
      inner.store.transaction(() => {
        if (removal.force !== true) refuseRunning(inner, pod);
        inner.store.pods.beginRemoval(id);
      });
      failpoint('pod-removal-recorded');
      await finishPodRemoval(inner, pod, removal);
    },
    { signal: removal.signal },
  );
}

/** Throws POD_PARTIAL_FAIL if containers of the pod run. The infra container may: there is no other use for it. */
function refuseRunning(context: EngineContext, pod: StoredPod): void {
  const others = membersOf(context, pod).filter(({ isInfra }) => !isInfra);
  const found = others.map(
    ({ id, status }) => ({ id, status: isBeingStarted(context, id) ? 'running' : status }) as const,
  );
  const running = found.filter(({ status }) => !isAllowed('remove', status));
  if (running.length > 0) throw notAll(pod.id, new Map(running.map(({ id, status }) => [id, refusalOf(id, status)])));
}

/**
 * Whether somebody is starting the container: the record says that it runs, which it does not yet, and its lock is
 * held. Nobody holds the lock of one whose start was cut off.
 */
function isBeingStarted(context: EngineContext, id: string): boolean {
  const stored = context.store.get(id);
  if (stored?.state.status !== 'active') return false;
  const status = presentStatus(context, stored);
  if (status !== 'created' && status !== 'initialized') return false;
  using held = tryLock(containerPaths(context.directories, id).lock);
  if (held !== undefined) removeLockFile(held);
  return held === undefined;
}

function refusalOf(id: string, status: Member['status']): Error {
  try {
    requireAllowed('remove', id, status);
  } catch (error) {
    return error as Error;
  }
  throw new TypeError(`container ${id} can be removed`);
}

function notAll(pod: string, errors: Failures): TspodError {
  const words = [...errors.values()].map(({ message }) => message).join('; ');
  return partialFail(
    pod,
    `not all containers could be removed from pod ${pod}: ${words}: removing pod containers`,
    errors,
  );
}

/** Removes a pod that is recorded as being removed, under its lock. What is gone already is a success. */
export async function finishPodRemoval(context: EngineContext, pod: StoredPod, removal: PodRemoval): Promise<void> {
  const { id, name, infraId } = pod;
  const { timeoutSec, signal, removeOne } = removal;
  const options = {
    force: true,
    depend: true,
    volumes: true,
    ...(timeoutSec === undefined ? {} : { timeoutSec }),
    ...(signal === undefined ? {} : { signal }),
  };
  const removeMember = (member: string) => removeOne(context, member, options).catch(ignoreGone);
  const others = context.store.pods.members(id).filter((member) => member !== infraId);
  const errors = await failuresOf(others.map((member) => [member, removeMember(member)]));
  if (errors.size > 0) {
    requireNotAborted('removing pod containers', errors, signal);
    throw notAll(id, errors);
  }
  failpoint('pod-members-removed');
  for (const member of context.store.pods.members(id)) await removeMember(member);
  failpoint('pod-infra-removed');
  await removePodCgroup(context, pod);
  failpoint('pod-cgroup-removed');
  recordEngineEvent(context, { type: 'pod', status: 'remove', id, name, attributes: pod.config.labels });
  context.store.pods.delete(id);
}

function ignoreGone(error: unknown): void {
  if (!isTspodError(error, 'NO_SUCH_CONTAINER')) throw error;
}
