/** Derives a pod's status from the statuses of its containers. */
import type { ContainerStatus } from '../container/api/container.js';
import type { PodMember, PodStatus } from './api.js';

/**
 * Returns the status according to Podman's rules. A container that waits for its restart, or is being stopped, counts
 * as running; init containers do not count.
 */
export function podStatus(members: readonly Pick<PodMember, 'status' | 'initContainer'>[]): PodStatus {
  const counted = members.filter(({ initContainer }) => initContainer === undefined);
  const count = (...statuses: readonly ContainerStatus[]) =>
    counted.filter(({ status }) => statuses.includes(status)).length;
  const total = counted.length;
  const running = count('running', 'stopping', 'restarting');
  const ended = count('stopped', 'exited', 'removing');
  if (total === 0 || total === count('created', 'initialized')) return 'Created';
  if (running === total) return 'Running';
  if (running > 0) return 'Degraded';
  if (total === count('paused')) return 'Paused';
  if (total === ended) return 'Exited';
  return ended > 0 ? 'Stopped' : 'Error';
}
