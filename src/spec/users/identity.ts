/** Who a container's command runs as, where that has to be looked up in the container's own files. */
import type { HostFacts } from '../../host/facts.js';
import { addedCapabilities, boundingCapabilities } from '../confinement/capabilities.js';
import type { ContainerConfig } from '../config.js';

/** What a plan needs beside `process.user` (IdentityContext). */
export interface Identity {
  readonly user: string;
  readonly groups: readonly string[];
  /** What a user other than root holds. */
  readonly addedCapabilities: readonly string[];
}

/** The identity of the container's first process. */
export function identityOf(config: ContainerConfig, facts: Pick<HostFacts, 'boundingCapabilities'>): Identity {
  const bounding = boundingCapabilities(config, facts);
  return { user: config.user, groups: config.groups, addedCapabilities: addedCapabilities(config.capAdd, bounding) };
}
