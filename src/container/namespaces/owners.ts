/**
 * Finds the owner of a namespace: the container from which it comes in the end. Its names, its files and its shared
 * memory are shared with the owner.
 */
import type { ContainerConfig } from '../../spec/config.js';
import { hostnameOf } from '../../spec/generate.js';
import { donorOf } from '../../spec/namespaces.js';
import type { EngineContext } from '../context.js';

interface Owner {
  readonly id: string;
  readonly config: ContainerConfig;
}

type SharedNamespace = 'network' | 'uts' | 'ipc';

/**
 * Follows the donors of donors. Returns undefined if the namespace comes from no container. Donors are older, so there
 * are no cycles.
 */
export function namespaceOwner(
  context: EngineContext,
  config: ContainerConfig,
  key: SharedNamespace,
): Owner | undefined {
  return ownerByMode(context, config.namespaces[key], key);
}

/** Does the same for a container whose mode is known, such as `container:ID`. */
export function ownerByMode({ store }: EngineContext, mode: string, key: SharedNamespace): Owner | undefined {
  let owner: Owner | undefined;
  for (let id = donorOf(mode); id !== undefined;) {
    const donor = store.config(id);
    if (donor === undefined) return owner;
    owner = { id, config: donor };
    id = donorOf(donor.namespaces[key]);
  }
  return owner;
}

/** Returns the hostname that a container sees. */
export function hostnameSeenIn(context: EngineContext, id: string, config: ContainerConfig): string {
  const owner = namespaceOwner(context, config, 'uts') ?? { id, config };
  return hostnameOf(owner.config, context.facts(), owner.id);
}
