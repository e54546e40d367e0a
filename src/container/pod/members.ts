/** The containers of a pod, as they are at one moment. Takes no lock. */
import type { InitKind } from '../../spec/pod/pod-options.js';
import type { StoredContainer } from '../../state/records.js';
import { containerPaths } from '../../storage/paths.js';
import type { ContainerStatus } from '../api/container.js';
import type { EngineContext } from '../context.js';
import { observe, statusOf } from '../observe.js';

export interface Member {
  readonly id: string;
  readonly name: string;
  readonly status: ContainerStatus;
  readonly isInfra: boolean;
  /** The container is an init container. @default it is none */
  readonly initContainer?: InitKind;
}

/** Returns the containers of a pod, oldest first: the infra container comes before the others. */
export function membersOf(
  context: EngineContext,
  { id, infraId }: { readonly id: string; readonly infraId: string },
): readonly Member[] {
  return context.store.pods.membersWithKind(id).flatMap((member) => {
    const stored = context.store.get(member.id);
    if (stored === undefined) return [];
    const status = presentStatus(context, stored);
    const kind = member.init === null ? {} : { initContainer: member.init };
    return [{ id: member.id, name: stored.name, status, isInfra: member.id === infraId, ...kind }];
  });
}

export function presentStatus({ directories }: EngineContext, { id, state }: StoredContainer): ContainerStatus {
  return statusOf(state, observe(state, containerPaths(directories, id)));
}

/** Whether a container has a process, or is about to have one again. */
export function isLive(status: ContainerStatus): boolean {
  return LIVE.has(status);
}

const LIVE: ReadonlySet<ContainerStatus> = new Set(['initialized', 'running', 'paused', 'stopping', 'restarting']);
