/** Reads a container's network from the kernel, as it is now. None of this takes a lock. */
import { listAddresses } from '../../native/netlink/addresses.js';
import { listRules } from '../../native/netlink/nftables/rules.js';
import { listRoutes } from '../../native/netlink/routes.js';
import type { NamespaceHandle } from '../../native/namespace-handle.js';
import { EGRESS_CHAIN, EGRESS_TABLE, egressCounts } from '../../plan/network/egress.js';
import { readConfig } from '../config.js';
import type { EngineContext } from '../context.js';
import { liveRecord } from '../namespaces/donors.js';
import { egressOwner } from '../network/egress.js';
import { holdNetworkNamespace } from '../network/namespace.js';
import type { ContainerAddress, ContainerRoute, EgressCounter } from '../api/network.js';
import { requireUp, storedContainer } from './look-ups.js';

/** Returns the addresses of the container's interfaces. Throws CONTAINER_STOPPED unless it runs or is paused. */
export async function containerAddresses(context: EngineContext, id: string): Promise<readonly ContainerAddress[]> {
  using net = networkOf(context, id);
  const addresses = await listAddresses({ inside: { net } });
  return addresses.map(({ link, address, scope }) => ({
    interface: link,
    address,
    family: address.includes(':') ? 'ipv6' : 'ipv4',
    scope: String(scope),
  }));
}

/** Returns the routes of the container. Throws CONTAINER_STOPPED unless it runs or is paused. */
export async function containerRoutes(context: EngineContext, id: string): Promise<readonly ContainerRoute[]> {
  using net = networkOf(context, id);
  const routes = await listRoutes({ inside: { net } });
  return routes.map(({ family, destination, gateway, link, metric }) => ({
    family,
    destination,
    ...(gateway === undefined ? {} : { gateway }),
    ...(link === undefined ? {} : { interface: link }),
    metric,
  }));
}

/** Returns what the egress list of the container has counted. Throws CONTAINER_STOPPED unless it runs or is paused. */
export async function egressCounters(context: EngineContext, id: string): Promise<readonly EgressCounter[]> {
  const live = requireUp(context, storedContainer(context, id));
  const owner = egressOwner(context, { id, config: readConfig(context, id) });
  if (owner === undefined) return [];
  // One that has joined may have left since: while the owner runs, its namespace is asked for.
  using net = holdNetworkNamespace(owner.id, liveRecord(context, owner.id) ?? live);
  return egressCounts(owner.egress, await listRules(EGRESS_TABLE, EGRESS_CHAIN, { inside: { net } }));
}

function networkOf(context: EngineContext, id: string): NamespaceHandle {
  return holdNetworkNamespace(id, requireUp(context, storedContainer(context, id)));
}
