/** The containers of a pod, as they are at one moment. Takes no lock. */
import type { InitKind } from '../../spec/pod/pod-options.js';
import type { StoredContainer } from '../../state/records.js';
import { containerPaths } from '../../storage/paths.js';
import { defined } from '../../util/defined.js';
import type { ContainerStatus } from '../api/container.js';
import type { EngineContext } from '../context.js';
import { observe, statusOf } from '../observe.js';

export interface Member {
  readonly id: string;
  readonly name: string;
  readonly status: ContainerStatus;
  readonly isInfra: boolean;
  /** The container is an init container. @default it is none */
  readonly init?: InitKind;
}

/** Returns the containers of a pod, oldest first: the infra container comes before the others. */
export function membersOf(
  context: EngineContext,
  { id, infraId }: { readonly id: string; readonly infraId: string },
): readonly Member[] {
  const inits = context.store.pods.inits(id);
  return context.store.pods.members(id).flatMap((member) => {
    const stored = context.store.get(member);
    if (stored === undefined) return [];
    const { name } = stored;
    const status = presentStatus(context, stored);
    return [{ id: member, name, status, isInfra: member === infraId, ...defined({ init: inits.get(member) }) }];
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
