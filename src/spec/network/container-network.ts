/**
 * What a container's network is, with everything decided: names found, addresses leased, ports chosen. The engine makes it from the networks'
 * configurations and from the leases, and plans are made from it; nothing in here is a default that somebody still has to apply.
 */

/** An address of a container on one network. */
export interface AttachedAddress {
  /** Without a length: `10.88.0.2`, `fd00::2`. */
  readonly address: string;
  /** Bits of the network's prefix. */
  readonly prefix: number;
  /** Of the network: the bridge has it, and the default route goes there. Absent: none. */
  readonly gateway?: string;
}

/** A route beside those that addresses and gateways make. */
export interface AttachedRoute {
  /** `192.0.2.0/24`. */
  readonly destination: string;
  readonly gateway: string;
  /** 0: the kernel's. */
  readonly metric: number;
}

/** A subnet of a network: what masquerading and the bridge's own addresses follow from. */
export interface AttachedSubnet {
  /** `10.88.0.0/16`. */
  readonly subnet: string;
  readonly gateway?: string;
}

/** One network that a container is on. */
export interface AttachedNetwork {
  /** '': none, in the place of one that the container was taken off: those behind it keep their numbers. */
  readonly name: string;
  readonly driver: 'bridge' | 'macvlan' | 'ipvlan';
  /** The bridge, or the host's interface below a macvlan or ipvlan. */
  readonly hostInterface: string;
  /** macvlan: bridge, private, vepa, passthru; ipvlan: l2, l3, l3s. '' for bridges. */
  readonly mode: string;
  /** 0: the kernel's. */
  readonly mtu: number;
  /**
   * Of bridges. `isolated`: nothing is forwarded between this one and others that are isolated; `strict`: nor any other. Connections to published
   * ports are.
   */
  readonly isolation: 'none' | 'isolated' | 'strict';
  /** No way out, and none in. */
  readonly internal: boolean;
  readonly subnets: readonly AttachedSubnet[];
  /** In the container: eth0. */
  readonly interfaceName: string;
  /** `02:00:00:00:00:01`; kept for as long as the container is on this network. */
  readonly macAddress: string;
  readonly addresses: readonly AttachedAddress[];
  readonly routes: readonly AttachedRoute[];
  /** Metric of the default routes. */
  readonly metric: number;
  /** Has no default route although there is a gateway. */
  readonly noDefaultRoute: boolean;
  /** Names that others on this network know it by, its own among them. */
  readonly aliases: readonly string[];
  /** Addresses of the bridge where names of this network are asked for over DNS. @default none */
  readonly nameServers?: readonly string[];
}

/** Not only the place of one that the container was taken off. */
export function isAttached({ name }: AttachedNetwork): boolean {
  return name !== '';
}

/** Ports of the container that are reached through the host. */
export interface PublishedPort {
  /** '' : all addresses of the host, IPv4 and IPv6. */
  readonly hostIp: string;
  /** First of the range; chosen already where the user left it open. */
  readonly hostPort: number;
  readonly containerPort: number;
  readonly protocol: 'tcp' | 'udp' | 'sctp';
  /** How many, 1 and up. */
  readonly range: number;
}

/** A destination that an egress list names, resolved. */
export interface EgressDestination {
  /** `192.0.2.0/24`; a single address with its full length. */
  readonly destination: string;
  /** 0: all ports and protocols. */
  readonly port: number;
  /** As the user wrote it: counters are told by it. */
  readonly rule: string;
}

/** What a container may reach. */
export interface EgressList {
  readonly allow: readonly EgressDestination[];
  readonly deny: readonly EgressDestination[];
  /** What no rule names: a list with an allowed destination denies the rest, one that only denies allows it. */
  readonly rest: 'allow' | 'deny';
}

/** All networks of a container with a network namespace of its own. */
export interface ContainerNetwork {
  /** In the order of their interfaces. */
  readonly networks: readonly AttachedNetwork[];
  readonly ports: readonly PublishedPort[];
  readonly egress?: EgressList;
}
