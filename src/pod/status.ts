/** What a pod is, by what its containers are. */
import type { ContainerStatus } from '../container/api/container.js';
import type { PodStatus } from './api.js';

/** As Podman has it. A container that waits for its restart, or is being ended, counts as one that runs. */
export function podStatus(members: readonly ContainerStatus[]): PodStatus {
  const count = (...statuses: readonly ContainerStatus[]) =>
    members.filter((status) => statuses.includes(status)).length;
  const total = members.length;
  const running = count('running', 'stopping', 'restarting');
  const ended = count('stopped', 'exited', 'removing');
  if (total === 0 || total === count('created', 'initialized')) return 'Created';
  if (running === total) return 'Running';
  if (running > 0) return 'Degraded';
  if (total === count('paused')) return 'Paused';
  if (total === ended) return 'Exited';
  return ended > 0 ? 'Stopped' : 'Error';
}
