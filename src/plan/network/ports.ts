/** Published ports: elements of the firewall's maps, and the sockets that keep others from taking the ports. Pure. */
import type { NftElement } from '../../native/netlink/nftables/message.js';
import {
  isAttached,
  type AttachedNetwork,
  type ContainerNetwork,
  type PublishedPort,
} from '../../spec/network/container-network.js';
import { formatIp, parseIp } from '../../util/ip-address.js';
import { PORT_MAPS } from './firewall.js';
import { ownerComment } from './names.js';

/** IPPROTO_*. */
export const PROTOCOLS = { tcp: 6, udp: 17, sctp: 132 } as const;

/** An element of a map of the firewall, and the name of the map. */
export interface PortElement {
  readonly map: string;
  readonly element: NftElement;
}

/** A port that the monitor holds a socket on. */
export interface HeldPort {
  readonly protocol: number;
  readonly address: string;
  readonly port: number;
  /** Addresses to which the monitor forwards connections to ::1, tried in this order. */
  readonly targets: readonly string[];
  readonly targetPort: number;
  /** Whether the container starts even if another process has the port. */
  readonly optional: boolean;
}

/**
 * Returns the addresses that published ports lead to: of the first network that leads out of the host, the first
 * address of each family.
 */
export function publishedAddresses({ networks }: ContainerNetwork): readonly Uint8Array[] {
  const network = networks.find((each) => isReachable(each));
  const addresses = network?.addresses.map(({ address }) => address) ?? [];
  return firstOfEachFamily(addresses).flatMap((address) => parseIp(address) ?? []);
}

/**
 * Returns the first IPv4 address and the first IPv6 address, if any. A network may have several subnets of one family.
 */
export function firstOfEachFamily(addresses: readonly string[]): readonly string[] {
  return [false, true].flatMap((ipv6) => addresses.find((address) => address.includes(':') === ipv6) ?? []);
}

function isReachable(network: AttachedNetwork): boolean {
  const { driver, internal, addresses } = network;
  return isAttached(network) && driver === 'bridge' && !internal && addresses.length > 0;
}

export function portElements(id: string, network: ContainerNetwork): readonly PortElement[] {
  return elementsFor(id, network.ports, publishedAddresses(network));
}

/**
 * Returns all elements that a container may have in the maps since its start, wherever its ports led meanwhile: only
 * the keys matter.
 */
export function possibleElements(id: string, { ports }: ContainerNetwork): readonly PortElement[] {
  return elementsFor(id, ports, [new Uint8Array(4), new Uint8Array(16)]);
}

function elementsFor(
  id: string,
  ports: readonly PublishedPort[],
  targets: readonly Uint8Array[],
): readonly PortElement[] {
  const comment = ownerComment(id);
  return ports.flatMap((published) =>
    targets
      .filter((target) => isServedBy(published, target))
      .flatMap((target) =>
        mapRange(published, (hostPort, port) => element(published, { hostPort, port, target, comment })),
      ),
  );
}

/**
 * Whether a published port can lead to this address. A port of one address of the host leads to the container's address
 * of the same family.
 */
function isServedBy({ hostIp }: PublishedPort, target: Uint8Array): boolean {
  const bytes = parseIp(hostIp);
  return bytes === undefined || bytes.length === target.length;
}

interface Translation {
  readonly hostPort: number;
  readonly port: number;
  readonly target: Uint8Array;
  readonly comment: string;
}

function element(published: PublishedPort, { hostPort, port, target, comment }: Translation): PortElement {
  const maps = PORT_MAPS[target.length === 4 ? 'ip' : 'ip6'];
  const protocol = Uint8Array.of(PROTOCOLS[published.protocol], 0, 0, 0);
  const address = isUnspecified(published.hostIp) ? undefined : parseIp(published.hostIp);
  const data = Buffer.concat([target, portBytes(port)]);
  if (address === undefined)
    return { map: maps.everywhere, element: { key: Buffer.concat([protocol, portBytes(hostPort)]), data, comment } };
  const key = Buffer.concat([protocol, address, portBytes(hostPort)]);
  return { map: maps.bound, element: { key, data, comment } };
}

/** Returns a port as the four bytes of a register. */
function portBytes(port: number): Uint8Array {
  return Uint8Array.of(port >> 8, port & 0xff, 0, 0);
}

/** Returns the published ports of the host for a protocol, each once. */
export function publishedPorts({ ports }: ContainerNetwork, protocol: PublishedPort['protocol']): readonly number[] {
  const ofProtocol = ports.filter((published) => published.protocol === protocol);
  return [...new Set(ofProtocol.flatMap((published) => mapRange(published, (hostPort) => hostPort)))];
}

/** Whether the address is missing or is the unspecified address of a family (0.0.0.0, ::). */
function isUnspecified(hostIp: string): boolean {
  return parseIp(hostIp)?.every((byte) => byte === 0) ?? true;
}

/**
 * Returns the addresses to which the monitor forwards connections to ::1, in the order in which it tries them: IPv6,
 * which the client asked for, first.
 */
export function loopbackTargets(network: Pick<ContainerNetwork, 'networks'>): readonly string[] {
  const addresses = publishedAddresses({ networks: network.networks, ports: [] });
  return addresses.toSorted((one, other) => other.length - one.length).map(formatIp);
}

/**
 * Returns the ports that the monitor holds sockets on. Not those of SCTP, which the kernel may lack, and which needs no
 * socket.
 */
export function heldPorts(network: ContainerNetwork): readonly HeldPort[] {
  const families = new Set(publishedAddresses(network).map(({ length }) => length));
  const targets = loopbackTargets(network);
  return network.ports
    .filter(({ protocol }) => protocol !== 'sctp')
    .flatMap((published) =>
      addressesOf(published, families).flatMap(({ address, optional }) =>
        mapRange(published, (port, targetPort) => ({
          protocol: PROTOCOLS[published.protocol],
          address,
          port,
          targets: published.protocol === 'tcp' && LOOPBACKS.has(address) ? targets : [],
          targetPort,
          optional,
        })),
      ),
    );
}

/** Addresses that include ::1. */
const LOOPBACKS: ReadonlySet<string> = new Set(['::', '::1']);

type HeldAddress = Pick<HeldPort, 'address' | 'optional'>;

/**
 * Returns the addresses on which a published port is held. If the container's networks have no IPv6, ::1 is an optional
 * extra.
 */
function addressesOf({ hostIp, protocol }: PublishedPort, families: ReadonlySet<number>): readonly HeldAddress[] {
  if (hostIp !== '') return [{ address: hostIp, optional: false }];
  const extra = protocol === 'tcp' && !families.has(16) && families.has(4);
  return [
    ...(families.has(4) ? [{ address: '0.0.0.0', optional: false }] : []),
    ...(families.has(16) ? [{ address: '::', optional: false }] : []),
    ...(extra ? [{ address: '::1', optional: true }] : []),
  ];
}

function mapRange<T>(
  { hostPort, containerPort, range }: PublishedPort,
  make: (hostPort: number, port: number) => T,
): T[] {
  return Array.from({ length: range }, (_, index) => make(hostPort + index, containerPort + index));
}
