/** The user that a container's command runs as, which is looked up in the container's own files. */
import type { HostFacts } from '../../host/facts.js';
import { addedCapabilities, boundingCapabilities } from '../confinement/capabilities.js';
import type { ContainerConfig } from '../config.js';

/** The part of a plan's input that `process.user` has no place for (IdentityContext). */
export interface Identity {
  readonly user: string;
  readonly groups: readonly string[];
  /** Capabilities that a user other than root holds. */
  readonly addedCapabilities: readonly string[];
}

/** Returns the identity of the container's first process. */
export function identityOf(config: ContainerConfig, facts: Pick<HostFacts, 'boundingCapabilities'>): Identity {
  const bounding = boundingCapabilities(config, facts);
  return { user: config.user, groups: config.groups, addedCapabilities: addedCapabilities(config.capAdd, bounding) };
}
