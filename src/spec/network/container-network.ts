/**
 * A container's networks, with everything decided: names resolved, addresses leased, ports chosen. The engine makes
 * this from the networks' configurations and from the leases, and plans are made from it. No default remains to be
 * applied.
 */

/** An address of a container on one network. */
export interface AttachedAddress {
  /** Address without a prefix length: `10.88.0.2`, `fd00::2`. */
  readonly address: string;
  /** Length of the network's prefix, in bits. */
  readonly prefix: number;
  /** Gateway of the network: the address of the bridge, to which the default route leads. Absent: none. */
  readonly gateway?: string;
}

/** A route in addition to those that addresses and gateways imply. */
export interface AttachedRoute {
  /** Destination, like `192.0.2.0/24`. */
  readonly destination: string;
  readonly gateway: string;
  /** Metric; 0: the kernel's default. */
  readonly metric: number;
}

/** A subnet of a network, which determines masquerading and the bridge's own addresses. */
export interface AttachedSubnet {
  /** Subnet, like `10.88.0.0/16`. */
  readonly subnet: string;
  readonly gateway?: string;
}

/** A network that a container is connected to. */
export interface AttachedNetwork {
  /**
   * Name of the network. '' marks the place of a network that the container was disconnected from, so that those behind
   * it keep their numbers.
   */
  readonly name: string;
  readonly driver: 'bridge' | 'macvlan' | 'ipvlan';
  /** The bridge, or the host's interface below a macvlan or ipvlan. */
  readonly hostInterface: string;
  /** Mode of the interface. macvlan: bridge, private, vepa, passthru; ipvlan: l2, l3, l3s. '' for bridges. */
  readonly mode: string;
  /** MTU; 0: the kernel's default. */
  readonly mtu: number;
  /**
   * Isolation of a bridge. `isolated`: nothing is forwarded between this bridge and others that are isolated; `strict`:
   * nor between this bridge and any other. Connections to published ports are always forwarded.
   */
  readonly isolation: 'none' | 'isolated' | 'strict';
  /** Whether the network is cut off from the outside, in both directions. */
  readonly internal: boolean;
  readonly subnets: readonly AttachedSubnet[];
  /** Name of the interface in the container: eth0. */
  readonly interfaceName: string;
  /** Hardware address, like `02:00:00:00:00:01`; kept for as long as the container is on this network. */
  readonly macAddress: string;
  readonly addresses: readonly AttachedAddress[];
  readonly routes: readonly AttachedRoute[];
  /** Metric of the default routes. */
  readonly metric: number;
  /** Whether there is no default route although there is a gateway. */
  readonly noDefaultRoute: boolean;
  /** Names by which others on this network find the container, its own name among them. */
  readonly aliases: readonly string[];
  /** Addresses of the bridge on which DNS answers for names of this network. @default none */
  readonly nameServers?: readonly string[];
  /** Whether a connect or disconnect is under way, or was cut off. @default false */
  readonly unfinished?: boolean;
}

/** Whether the container is connected to the network, rather than disconnected with only its place kept. */
export function isAttached({ name }: AttachedNetwork): boolean {
  return name !== '';
}

/** A port of the container, or a range of ports, that can be reached through the host. */
export interface PublishedPort {
  /** Address of the host; '': all addresses, IPv4 and IPv6. */
  readonly hostIp: string;
  /** First port of the range on the host; already chosen if the user left it open. */
  readonly hostPort: number;
  readonly containerPort: number;
  readonly protocol: 'tcp' | 'udp' | 'sctp';
  /** Number of ports, 1 or more. */
  readonly range: number;
}

/** A resolved destination of an egress list. */
export interface EgressDestination {
  /** Destination, like `192.0.2.0/24`; a single address has its full prefix length. */
  readonly destination: string;
  /** Port; 0: all ports and protocols. */
  readonly port: number;
  /** The rule as the user wrote it, by which its counters are found. */
  readonly rule: string;
}

/** The destinations that a container may reach. */
export interface EgressList {
  readonly allow: readonly EgressDestination[];
  readonly deny: readonly EgressDestination[];
  /**
   * Verdict on destinations that no rule names: a list with an allowed destination denies them, one that only denies
   * allows them.
   */
  readonly rest: 'allow' | 'deny';
}

/** All networks of a container with a network namespace of its own. */
export interface ContainerNetwork {
  /** The networks, in the order of their interfaces. */
  readonly networks: readonly AttachedNetwork[];
  readonly ports: readonly PublishedPort[];
  readonly egress?: EgressList;
}
