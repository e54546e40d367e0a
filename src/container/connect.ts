/** The networks of one life of a container, found and leased. */
import { attachNetworks } from '../network/attach.js';
import type { ContainerNetwork } from '../spec/container-network.js';
import type { AttachedNames } from '../storage/files.js';
import { failpoint } from './failpoint.js';
import type { HeldContainer } from './held.js';
import { attachedNames } from './network-names.js';

export interface Connected {
  readonly network: ContainerNetwork;
  readonly attached: AttachedNames;
}

/**
 * Undefined for a container that is on no network. What it takes of a network is given back with the container's state. Throws NO_SUCH_NETWORK, ADDRESS_IN_USE, NO_FREE_ADDRESS,
 * UNSUPPORTED_HOST, INVALID_ARGUMENT (a name of an egress list that nobody knows).
 */
export async function connectNetworks({
  context,
  seq,
  id,
  name,
  config,
}: HeldContainer): Promise<Connected | undefined> {
  if (config.networking.networks.length === 0) return undefined;
  const container = { seq, id, name };
  const attached = await attachNetworks(context.networks, context.store, { container, networking: config.networking });
  failpoint('addresses-leased');
  return { network: attached.network, attached: attachedNames(context, seq, attached) };
}
