/** Removes a container. */
import { TspodError } from '../../errors.js';
import { isTspodError } from '../../errors.js';
import type { ErrorCode } from '../../errors.js';
import { throwIfAborted } from '../../native/abort.js';
import type { StoredPod } from '../../state/pods.js';
import type { StoredContainer } from '../../state/records.js';
import { containerPaths } from '../../storage/paths.js';
import type { RemoveOptions } from '../api/container.js';
import { inBatch } from '../batch.js';
import type { EngineContext } from '../context.js';
import { destroy } from '../settle/destroy.js';
import type { HeldContainer } from '../held.js';
import { outlivingSessions } from '../exec/outliving.js';
import { observe, statusOf } from '../observe.js';
import { finishPodRemoval, removePod, type RemoveOne } from '../pod/remove.js';
import { isAllowed } from '../transitions.js';
import { isStuck } from '../monitor/end.js';
import { defined } from '../../util/defined.js';
import { killContainer } from './kill.js';
import { stopContainer } from './stop.js';

/**
 * Removes a container, and returns the ids of all that were removed, dependents first. Throws STATE_INVALID if it runs
 * (without force), HAS_DEPENDENTS if others share its namespaces or require it (without depend), INFRA_CONTAINER if it
 * is an infra container: with depend that is removed with its pod.
 */
export async function removeContainer(
  context: EngineContext,
  id: string,
  options: RemoveOptions = {},
): Promise<readonly string[]> {
  const pod = podOfInfra(context, id);
  if (pod === undefined) return removeOne(context, id, options);
  if (options.depend !== true) throw isInfra(id, pod);
  return removeWholePod(context, pod, options);
}

export interface RemoveUsersOptions extends Pick<RemoveOptions, 'timeoutSec' | 'signal'> {
  /** Remove an infra container with its pod. @default false: it is refused */
  readonly pods?: boolean;
}

/**
 * Removes by force all containers that use something which is to be removed; what is gone already is a success. `ids`
 * come oldest first and are removed in the opposite order, so that dependents go before what they depend on. Nothing is
 * removed if one of them must not be: HAS_DEPENDENTS if another container depends on it, INFRA_CONTAINER.
 */
export async function removeUsers(
  context: EngineContext,
  ids: readonly string[],
  { pods = false, ...options }: RemoveUsersOptions = {},
): Promise<void> {
  const withPod = (id: string) => pods && podOfInfra(context, id) !== undefined;
  for (const id of ids) if (!withPod(id)) refuseUser(context, id, ids);
  for (const id of ids.toReversed()) {
    const how = { ...options, force: true, depend: withPod(id) };
    await ignoring(['NO_SUCH_CONTAINER'], removeContainer(context, id, how));
  }
}

function refuseUser(context: EngineContext, id: string, leaving: readonly string[]): void {
  const pod = podOfInfra(context, id);
  if (pod !== undefined) throw isInfra(id, pod);
  const stored = context.store.get(id);
  if (stored !== undefined) refuseDependents(context, stored, leaving);
}

/** Removes a pod with its containers, and returns the ids of these. Throws as removePod(). */
export async function removeWholePod(
  context: EngineContext,
  pod: string,
  { force, timeoutSec, signal }: RemoveOptions = {},
): Promise<readonly string[]> {
  const removed: string[] = [];
  const remove: RemoveOne = async (inner, id, options) => {
    removed.push(...(await removeOne(inner, id, options)));
  };
  await removePod(context, pod, { ...defined({ force, timeoutSec, signal }), removeOne: remove });
  return removed;
}

/** Goes on with the removal of a pod that was cut off. Throws as removePod(). */
export function finishRemovalOfPod(context: EngineContext, pod: StoredPod): Promise<void> {
  return finishPodRemoval(context, pod, { removeOne });
}

/** Returns the pod whose infra container this is; undefined if it is none. */
function podOfInfra({ store }: EngineContext, id: string): string | undefined {
  const stored = store.get(id);
  if (stored === undefined) return undefined;
  const pod = store.pods.podOf(stored.seq);
  return pod !== undefined && store.pods.get(pod)?.infraId === id ? pod : undefined;
}

function isInfra(id: string, pod: string): TspodError {
  return new TspodError(
    'INFRA_CONTAINER',
    `container ${id} is the infra container of pod ${pod} and cannot be removed without removing the pod`,
    { details: { id, pod } },
  );
}

/** Removes one container, also an infra container. Returns ids as removeContainer() does. */
async function removeOne(context: EngineContext, id: string, options: RemoveOptions): Promise<readonly string[]> {
  throwIfAborted('remove a container', options.signal);
  const stored = context.store.get(id);
  const removed: string[] = [];
  if (stored !== undefined && options.depend === true) {
    for (const dependent of context.store.dependents(stored.seq)) {
      removed.push(...((await ignoring(['NO_SUCH_CONTAINER'], removeOne(context, dependent, options))) ?? []));
    }
  }
  const isForced = options.force === true;
  if (isForced) {
    // Checked before the container is ended, so that a refusal changes nothing.
    if (stored !== undefined) refuseDependents(context, stored);
    await endByForce(context, id, options);
  }
  // With force the container has ended; one with `autoRemove` may have been removed by whoever waited for that.
  await ignoring(isForced && stored !== undefined ? ['NO_SUCH_CONTAINER'] : [], removeHeld(context, id, options));
  return [...removed, id];
}

async function removeHeld(context: EngineContext, id: string, options: RemoveOptions): Promise<void> {
  await inBatch(
    context,
    id,
    async (inner, held) => {
      // Somebody may have started the container again before the lock was taken; nobody does now.
      if (options.force === true && !isAllowed('remove', held.status)) {
        refuseDependents(inner, held);
        await endByForce(inner, id, { timeoutSec: 0 });
        // It was removed at its end, as it has `autoRemove`.
        if (held.isForgotten) return;
      }
      held.require('remove');
      if (options.force !== true) refuseActiveSessions(held);
      beginRemoval(held, options);
      await destroy(held);
    },
    options,
  );
}

/** Records the removal, in one transaction with the look for dependents, so that none is recorded in between. */
function beginRemoval(held: HeldContainer, { volumes = false }: RemoveOptions): void {
  const { store } = held.context;
  store.transaction(() => {
    refuseDependents(held.context, held);
    if (volumes) store.volumes.doom(held.seq);
    held.save({ status: 'removing' });
  });
}

function refuseActiveSessions(held: HeldContainer): void {
  const sessions = outlivingSessions(held).map((session) => session.id);
  if (sessions.length === 0) return;
  throw new TspodError(
    'STATE_INVALID',
    `cannot remove container ${held.id} as it has active exec sessions: container state improper`,
    { details: { id: held.id, sessions } },
  );
}

/** Throws HAS_DEPENDENTS if a container depends on this one, other than those in `leaving`, which go before it. */
function refuseDependents(
  { store }: EngineContext,
  { seq, id }: Pick<StoredContainer, 'seq' | 'id'>,
  leaving: readonly string[] = [],
): void {
  const dependents = store.dependents(seq).filter((dependent) => !leaving.includes(dependent));
  if (dependents.length === 0) return;
  throw new TspodError(
    'HAS_DEPENDENTS',
    `container ${id} has dependent containers which must be removed before it: ${dependents.join(', ')}: container already exists`,
    { details: { id, dependents } },
  );
}

/** Ends the container. One that has ended meanwhile, or was never started, needs no force. */
async function endByForce(context: EngineContext, id: string, options: RemoveOptions): Promise<void> {
  const stored = context.store.get(id);
  if (stored === undefined) return;
  const status = statusOf(stored.state, observe(stored.state, containerPaths(context.directories, id)));
  // Errors that mean there is nothing to end; that the process is stuck is thrown all the same.
  const passed: readonly ErrorCode[] = ['CONTAINER_STOPPED', 'STATE_INVALID', 'NO_SUCH_CONTAINER'];
  if (status === 'paused') {
    await ignoring(passed, killContainer(context, id));
  } else if (status === 'running' || status === 'stopping' || status === 'restarting') {
    const { timeoutSec, signal } = options;
    await ignoring(
      passed,
      stopContainer(context, id, {
        force: true,
        ...(timeoutSec === undefined ? {} : { timeoutSec }),
        ...(signal === undefined ? {} : { signal }),
      }),
    );
  }
}

async function ignoring<T>(codes: readonly ErrorCode[], work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (!codes.some((code) => isTspodError(error, code)) || isStuck(error)) throw error;
    return undefined;
  }
}
