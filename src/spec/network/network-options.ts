/** Options about networks: which ones a container is on, what of it is reached from outside, what it may reach. */
import type { ShapeOf } from '../checks/shape.js';

/** One network that a container is to be on. */
export interface NetworkAttachOptions {
  /** Name or id; `bridge` is the default network. */
  readonly name: string;
  /** IPv4 address. @default one that is free */
  readonly ip?: string;
  /** IPv6 address. @default one that is free */
  readonly ip6?: string;
  /** `02:00:00:00:00:01`. @default made from the container's id */
  readonly macAddress?: string;
  /** Further names by which others on this network find it. @default none */
  readonly aliases?: readonly string[];
  /** In the container, at most 15 characters. @default eth0, eth1, ... */
  readonly interfaceName?: string;
}

/** Destinations: `HOST`, `HOST:PORT`, `192.0.2.0/24`, `192.0.2.1:443`, `[2001:db8::1]:443`. Names are resolved by the engine when the container starts. */
export interface EgressOptions {
  /** With any, everything else is dropped. @default none */
  readonly allow?: readonly string[];
  /** Dropped, also where `allow` has it. @default none */
  readonly deny?: readonly string[];
}

export interface NetworkOptions {
  /** Several networks, or one with details; with `network` absent or `bridge`. @default the one of `network` */
  readonly networks?: readonly NetworkAttachOptions[];
  /** IPv4 address on its only network. @default one that is free */
  readonly ip?: string;
  /** IPv6 address on its only network. @default one that is free */
  readonly ip6?: string;
  /** On its only network. @default made from the container's id */
  readonly macAddress?: string;
  /** Further names by which others on its networks find it. @default none */
  readonly networkAliases?: readonly string[];
  /** Ports that are reached through the host, as `-p` has them: [[HOST-IP:][HOST-PORT]:]PORT[-PORT][/tcp|udp|sctp]. @default none */
  readonly publish?: readonly string[];
  /** Publish all of `expose` on ports that are free. @default false */
  readonly publishAll?: boolean;
  /** Ports that the container listens on: PORT[-PORT][/tcp|udp|sctp]. @default none */
  readonly expose?: readonly string[];
  /** What it may reach. @default everything */
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
