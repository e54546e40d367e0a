/** Whether a container may run several times after one start. Pure. */
import type { ContainerConfig } from './config.js';

/**
 * Whether the monitor may launch the container again: by the restart policy, or, whatever that says, because of a
 * health check (may_relaunch in native/monitor).
 */
export function mayBeRelaunched({ restart, health }: Pick<ContainerConfig, 'restart' | 'health'>): boolean {
  return restart.policy !== 'no' || health?.onFailure === 'restart' || (health?.startup?.retries ?? 0) > 0;
}
