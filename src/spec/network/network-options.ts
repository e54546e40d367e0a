/**
 * Options about networks: those that a container is connected to, the ports that are reached from outside, the
 * destinations that it may reach.
 */
import type { ShapeOf } from '../checks/shape.js';

/** A network that a container is connected to. */
export interface NetworkAttachOptions {
  /** Name or id of the network; `bridge` is the default network. */
  readonly name: string;
  /** IPv4 address. @default a free one */
  readonly ip?: string;
  /** IPv6 address. @default a free one */
  readonly ip6?: string;
  /** Hardware address, like `02:00:00:00:00:01`. @default derived from the container's id */
  readonly macAddress?: string;
  /** Additional names by which others on this network find the container. @default none */
  readonly aliases?: readonly string[];
  /** Name of the interface in the container, at most 15 characters. @default eth0, eth1, ... */
  readonly interfaceName?: string;
}

/**
 * Destinations that a container may reach: `HOST`, `HOST:PORT`, `192.0.2.0/24`, `192.0.2.1:443`, `[2001:db8::1]:443`.
 * The engine resolves names when the container starts.
 */
export interface EgressOptions {
  /** Allowed destinations. If there are any, everything else is dropped. @default none */
  readonly allow?: readonly string[];
  /** Denied destinations, also if `allow` includes them. @default none */
  readonly deny?: readonly string[];
}

export interface NetworkOptions {
  /** Networks to connect to, with details; only with `network` absent or `bridge`. @default the one of `network` */
  readonly networks?: readonly NetworkAttachOptions[];
  /** IPv4 address on the only network. @default a free one */
  readonly ip?: string;
  /** IPv6 address on the only network. @default a free one */
  readonly ip6?: string;
  /** Hardware address on the only network. @default derived from the container's id */
  readonly macAddress?: string;
  /** Additional names by which others on its networks find the container. @default none */
  readonly networkAliases?: readonly string[];
  /**
   * Ports that are reached through the host, in the form of `-p`: [[HOST-IP:][HOST-PORT]:]PORT[-PORT][/tcp|udp|sctp].
   * @default none
   */
  readonly publish?: readonly string[];
  /** Whether all ports of `expose` are published on free ports of the host. @default false */
  readonly publishAll?: boolean;
  /** Ports that the container listens on: PORT[-PORT][/tcp|udp|sctp]. @default none */
  readonly expose?: readonly string[];
  /** Destinations that the container may reach. @default all */
  readonly egress?: EgressOptions;
}

export const NETWORK_SHAPE: ShapeOf<NetworkOptions> = {
  networks: 'objects',
  ip: 'string',
  ip6: 'string',
  macAddress: 'string',
  networkAliases: 'strings',
  publish: 'strings',
  publishAll: 'boolean',
  expose: 'strings',
  egress: 'object',
};

export const EGRESS_SHAPE: ShapeOf<EgressOptions> = { allow: 'strings', deny: 'strings' };

export const ATTACH_SHAPE: ShapeOf<NetworkAttachOptions> = {
  name: 'string',
  ip: 'string',
  ip6: 'string',
  macAddress: 'string',
  aliases: 'strings',
  interfaceName: 'string',
};
