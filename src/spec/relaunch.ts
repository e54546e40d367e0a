/** Whether a container may have several lives in one start. Pure. */
import type { ContainerConfig } from './config.js';

/** Its monitor may launch it again: by its restart policy, or because of a check (may_relaunch in native/monitor) whatever that says. */
export function mayBeRelaunched({ restart, health }: Pick<ContainerConfig, 'restart' | 'health'>): boolean {
  return restart.policy !== 'no' || health?.onFailure === 'restart' || (health?.startup?.retries ?? 0) > 0;
}
