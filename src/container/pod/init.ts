/** Refusals of init containers that could not be run before the others of their pod, or whose end others would feel. */
import { invalid } from '../../errors.js';
import type { PodMembership } from '../../spec/config.js';
import type { StoredContainer } from '../../state/records.js';
import type { EngineContext } from '../context.js';
import { isLive, presentStatus } from './members.js';

type Membership = PodMembership | undefined;

/**
 * Refuses a container that depends on an init container, which has ended when it starts, and an init container that
 * depends on one that comes after it. Throws INVALID_ARGUMENT.
 */
export function refuseInitDependency(
  { store }: EngineContext,
  pod: Membership,
  donors: readonly StoredContainer[],
): void {
  if (pod === undefined) return;
  const infraId = store.pods.get(pod.id)?.infraId;
  const members = store.pods.membersWithKind(pod.id);
  for (const { id } of donors) {
    if (members.some((member) => member.id === id && member.init !== null))
      throw invalid(`container ${id} is an init container: no other can depend on it`);
    if (pod.init !== undefined && id !== infraId)
      throw invalid(`an init container cannot depend on container ${id}, which is started after it`);
  }
}

/**
 * Refuses an init container of a pod that runs or is being started: it would come too late. Called in the transaction
 * that records the container. Throws INVALID_ARGUMENT.
 */
export function requireTimeForInit(context: EngineContext, pod: Membership): void {
  if (pod?.init === undefined) return;
  const others = context.store.pods.members(pod.id).flatMap((id) => context.store.get(id) ?? []);
  const isUp = (other: StoredContainer) => isLive(presentStatus(context, other)) || isBeingStarted(context, other);
  if (others.some(isUp)) throw invalid('cannot add init-ctr to a running pod');
}

/** Whether a start was recorded of which nothing is to be seen yet. */
function isBeingStarted(context: EngineContext, container: StoredContainer): boolean {
  return container.state.status === 'active' && presentStatus(context, container) === 'created';
}
