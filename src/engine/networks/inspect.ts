/** `networks.inspect()`: the configuration of a network, and the containers on it. */
import type { EngineContext } from '../../container/context.js';
import { readNetwork } from '../../container/network/record.js';
import { observe, stateOf } from '../../container/observe.js';
import { showNetwork } from '../../network/networks.js';
import type { AttachedNetwork } from '../../spec/network/container-network.js';
import type { ListedContainer } from '../../state/listed-container.js';
import { containerPaths } from '../../storage/paths.js';
import type { NetworkInspect, NetworkInterface } from './types.js';

/** Returns the configuration of a network and its running containers. Takes no lock. Throws as showNetwork() does. */
export function inspectNetwork(context: EngineContext, nameOrId: string): NetworkInspect {
  const network = showNetwork(context.networks, nameOrId);
  const containers = context.store.list('live').flatMap((container) => {
    const attached = attachedTo(context, container, network.name);
    if (attached === undefined) return [];
    const interfaces = { [attached.interfaceName]: interfaceOf(attached) };
    return [[container.id, { name: container.name, interfaces }] as const];
  });
  return { ...network, containers: Object.fromEntries(containers) };
}

function attachedTo(context: EngineContext, container: ListedContainer, name: string): AttachedNetwork | undefined {
  if (!container.summary.networks.includes(name)) return undefined;
  const { pid } = stateOf(container, observe(container.state, containerPaths(context.directories, container.id)));
  if (pid === 0) return undefined;
  return readNetwork(context, container.id)?.networks.findLast((network) => network.name === name);
}

function interfaceOf({ addresses, macAddress }: AttachedNetwork): NetworkInterface {
  const subnets = addresses.map(({ address, prefix, gateway }) => ({
    ipnet: `${address}/${prefix}`,
    ...(gateway === undefined ? {} : { gateway }),
  }));
  return { subnets, mac_address: macAddress };
}
