/** Finds and leases the networks for one run of a container. */
import { attachNetworks, foreseeNetworks } from '../../network/attach.js';
import type { ContainerConfig } from '../../spec/config.js';
import type { ContainerNetwork } from '../../spec/network/container-network.js';
import type { AttachedNames } from '../../storage/files.js';
import { failpoint } from '../failpoint.js';
import type { EngineContext } from '../context.js';
import type { HeldContainer } from '../held.js';
import { attachedNames } from './members.js';

export interface Connected {
  readonly network: ContainerNetwork;
  readonly attached: AttachedNames;
}

/**
 * Leases what a container needs of its networks. Returns undefined for a container that is on no network. The leases
 * are freed when the container's state is saved as `exited` or `created`. Throws NO_SUCH_NETWORK, ADDRESS_IN_USE,
 * NO_FREE_ADDRESS, UNSUPPORTED_HOST, INVALID_ARGUMENT (a name of an egress list that nobody knows).
 */
export async function connectNetworks({
  context,
  seq,
  id,
  name,
  config,
}: HeldContainer): Promise<Connected | undefined> {
  if (config.networking.networks.length === 0) return undefined;
  const container = { seq, id, name, hostname: config.hostname };
  const attached = await attachNetworks(context.networks, context.store, { container, networking: config.networking });
  failpoint('addresses-leased');
  return { network: attached.network, attached: attachedNames(context, seq, attached) };
}

/** `seq` of a container that is not recorded: no container has it. */
const NO_RECORD = -1;

/** Returns what connectNetworks() of a new container would return now; leases and makes nothing. */
export async function foreseeConnected(
  context: EngineContext,
  { id, name, config }: { readonly id: string; readonly name: string; readonly config: ContainerConfig },
): Promise<Connected | undefined> {
  if (config.networking.networks.length === 0) return undefined;
  const container = { seq: NO_RECORD, id, name, hostname: config.hostname };
  const attached = await foreseeNetworks(context.networks, context.store, { container, networking: config.networking });
  return { network: attached.network, attached: attachedNames(context, NO_RECORD, attached) };
}
