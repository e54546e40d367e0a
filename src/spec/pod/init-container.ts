/** Init containers: containers of a pod that run to their end, one after the other, before the others are started. */
import { invalid } from '../../errors.js';
import { quote } from '../checks/quote.js';
import type { ContainerConfig, PodMembership } from '../config.js';
import type { CreateOptions } from '../create-options.js';
import { INIT_KINDS } from './pod-options.js';

/** Restart policies that may start a container again that has done its work. */
const ENDLESS: readonly string[] = ['always', 'unless-stopped'];

/** Refuses an init container that is in no pod, or that would not end. Throws INVALID_ARGUMENT. */
export function checkInitContainer({ initContainer }: CreateOptions, config: ContainerConfig): void {
  if (initContainer === undefined) return;
  if (!INIT_KINDS.includes(initContainer))
    throw invalid(`initContainer must be one of ${INIT_KINDS.join(', ')}, not ${quote(initContainer)}`);
  if (config.pod === undefined) throw invalid('init containers must be created in a pod');
  if (config.autoRemove) throw invalid("autoRemove conflicts with initContainer: 'once' removes the container");
  refuseEndless(config.pod, config.restart.policy);
}

/** Refuses a restart policy that would have the start of the pod wait forever. Throws INVALID_ARGUMENT. */
export function refuseEndless(pod: PodMembership | undefined, policy: string): void {
  if (pod?.init !== undefined && ENDLESS.includes(policy))
    throw invalid(`an init container cannot have the restart policy ${policy}`);
}
