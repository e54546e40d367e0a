/** Networks and ports in `inspect`, as Podman prints them. */
import { namesEverywhere } from '../../network/attach.js';
import type { ContainerConfig } from '../../spec/config.js';
import type { AttachedNetwork, ContainerNetwork } from '../../spec/network/container-network.js';
import { presentNetworks } from '../network/record.js';
import type { InspectEndpoint, InspectNetwork, InspectNetworkSettings, InspectPorts } from './types.js';

const NO_ENDPOINT: InspectEndpoint = {
  EndpointID: '',
  Gateway: '',
  IPAddress: '',
  IPPrefixLen: 0,
  IPv6Gateway: '',
  GlobalIPv6Address: '',
  GlobalIPv6PrefixLen: 0,
  MacAddress: '',
};

export interface NetworkSubject {
  /** Id of the container that owns the network namespace. */
  readonly id: string;
  readonly config: ContainerConfig;
  /** undefined unless that container runs. */
  readonly network: ContainerNetwork | undefined;
  /** Process of the inspected container; 0: none. */
  readonly pid: number;
}

export function inspectNetworkSettings({ id, config, network, pid }: NetworkSubject): InspectNetworkSettings {
  const attached = network === undefined ? [] : presentNetworks(network, config);
  const isOnNetworks = config.namespaces.network === 'bridge';
  const first = attached.length === 1 ? attached[0] : undefined;
  return {
    ...(first === undefined ? NO_ENDPOINT : endpoint(first)),
    Bridge: '',
    SandboxID: '',
    HairpinMode: false,
    LinkLocalIPv6Address: '',
    LinkLocalIPv6PrefixLen: 0,
    Ports: inspectPorts(config),
    SandboxKey: pid === 0 ? '' : `/proc/${String(pid)}/ns/net`,
    ...(isOnNetworks ? { Networks: networksOf(config, { id, attached }) } : {}),
  };
}

function networksOf(
  { networking, hostname }: ContainerConfig,
  { id, attached }: { readonly id: string; readonly attached: readonly AttachedNetwork[] },
): Readonly<Record<string, InspectNetwork>> {
  const entries = networking.networks.map(({ name, aliases }) => {
    const found = attached.find((network) => network.name === name);
    const shown: InspectNetwork = {
      ...(found === undefined ? NO_ENDPOINT : endpoint(found)),
      NetworkID: name,
      DriverOpts: null,
      IPAMConfig: null,
      Links: null,
      Aliases: [...new Set([...aliases, ...namesEverywhere({ id, hostname })])],
    };
    return [name, shown] as const;
  });
  return Object.fromEntries(entries);
}

/** Returns the endpoint with the first address of each family. */
function endpoint({ addresses, macAddress }: AttachedNetwork): InspectEndpoint {
  const ipv4 = addresses.find(({ address }) => !address.includes(':'));
  const ipv6 = addresses.find(({ address }) => address.includes(':'));
  return {
    EndpointID: '',
    Gateway: ipv4?.gateway ?? '',
    IPAddress: ipv4?.address ?? '',
    IPPrefixLen: ipv4?.prefix ?? 0,
    IPv6Gateway: ipv6?.gateway ?? '',
    GlobalIPv6Address: ipv6?.address ?? '',
    GlobalIPv6PrefixLen: ipv6?.prefix ?? 0,
    MacAddress: macAddress,
  };
}

/** Returns published ports one by one, and those that are only exposed with null. */
export function inspectPorts({ networking: { ports, expose } }: Pick<ContainerConfig, 'networking'>): InspectPorts {
  const found: Record<string, { HostIp: string; HostPort: string }[] | null> = {};
  for (const port of ports) {
    for (let offset = 0; offset < port.range; offset += 1) {
      const key = `${port.containerPort + offset}/${port.protocol}`;
      (found[key] ??= []).push({ HostIp: port.hostIp, HostPort: String(port.hostPort + offset) });
    }
  }
  for (const { port, protocol, range } of expose)
    for (let offset = 0; offset < range; offset += 1) found[`${port + offset}/${protocol}`] ??= null;
  return found;
}
