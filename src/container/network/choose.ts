/** The networks of a container as they are recorded: by their names, with all ports chosen. */
import { networkName } from '../../network/attach.js';
import { DEFAULT_NETWORK, networkIsThere, noSuchNetwork } from '../../network/networks.js';
import { choosePorts } from '../../network/random-ports.js';
import type { PublishedPort } from '../../spec/network/container-network.js';
import type { ContainerConfig } from '../../spec/config.js';
import type { AttachConfig } from '../../spec/network/network-config.js';
import type { ChosenPort } from '../../state/records.js';
import type { EngineContext } from '../context.js';

/**
 * Returns the configuration with the networks by name, whatever users called them. Throws NO_SUCH_NETWORK, AMBIGUOUS.
 */
export function withNetworkNames(context: EngineContext, config: ContainerConfig): ContainerConfig {
  const { networking } = config;
  if (networking.networks.length === 0) return config;
  const named = networking.networks.map((attach) => ({ ...attach, name: networkName(context.networks, attach.name) }));
  const networks = named.filter(({ name }, index) => named.findIndex((other) => other.name === name) === index);
  return { ...config, networking: { ...networking, networks } };
}

/**
 * Checks that the networks exist. Runs in the transaction that records the container: a call that removes a network
 * sees the container, or is seen here. Throws NO_SUCH_NETWORK.
 */
export function requireNetworks({ networks: place }: EngineContext, networks: readonly AttachConfig[]): void {
  for (const { name } of networks.filter(isRemovable)) if (!networkIsThere(place, name)) throw noSuchNetwork(name);
}

export function isRemovable({ name }: AttachConfig): boolean {
  return name !== DEFAULT_NETWORK;
}

/**
 * Chooses ports of the host, if hasOpenPorts(). Runs in the transaction that records the container. Throws
 * NO_FREE_PORT.
 */
export function withChosenPorts(
  { store }: EngineContext,
  config: ContainerConfig,
): { readonly config: ContainerConfig; readonly hostPorts: readonly ChosenPort[] } {
  const { networking } = config;
  const { ports, chosen } = choosePorts(store, [...networking.ports, ...exposed(config)]);
  return { config: { ...config, networking: { ...networking, ports } }, hostPorts: chosen };
}

export function hasOpenPorts(config: ContainerConfig): boolean {
  return config.networking.ports.some(({ hostPort }) => hostPort === 0) || exposed(config).length > 0;
}

/** Returns the ports that publishAll adds: exposed ports that are not published already. */
function exposed({ networking: { publishAll, expose, ports } }: ContainerConfig): readonly PublishedPort[] {
  if (!publishAll) return [];
  return expose
    .filter(
      ({ port, protocol, range }) =>
        !ports.some(
          (known) =>
            known.protocol === protocol &&
            known.containerPort <= port &&
            port + range <= known.containerPort + known.range,
        ),
    )
    .map(({ port, protocol, range }) => ({ hostIp: '', hostPort: 0, containerPort: port, protocol, range }));
}
