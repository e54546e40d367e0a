/** Attaches a container to its networks: reads their configurations, leases addresses, resolves names. */
import { TspodError } from '../errors.js';
import { findNameServer } from '../host/name-server.js';
import { formatMac } from '../native/netlink/link-attributes.js';
import { fingerprint } from '../native/primitives.js';
import type {
  AttachedAddress,
  AttachedNetwork,
  ContainerNetwork,
  EgressList,
} from '../spec/network/container-network.js';
import type { HostEntry } from '../spec/network/name-options.js';
import type { AttachConfig, NetworkingConfig } from '../spec/network/network-config.js';
import type { LeasePool } from '../state/leases.js';
import type { Store } from '../state/store.js';
import { formatIp, parseIp, parseIpPrefix } from '../util/ip-address.js';
import { holds, ipBytes, ipNumber, rangeOf } from '../util/ip-network.js';
import { defaultInterface, defaultMtu } from './default-route.js';
import { driverSettings, NO_VLAN } from './driver-options.js';
import { namesAddresses } from './name-server-file.js';
import { pinnedNames, resolveEgress } from './egress-names.js';
import type { Network, NetworkSubnet } from './network-file.js';
import {
  DEFAULT_NETWORK,
  ensureDefaultNetwork,
  findNetwork,
  foreseeDefaultNetwork,
  isDefault,
  networkIsThere,
  noSuchNetwork,
  type NetworkPlace,
} from './networks.js';
import { shortId } from '../util/short-id.js';

/** The container that is attached to networks. */
export interface Attachee {
  readonly seq: number;
  readonly id: string;
  readonly name: string;
  /** Host name that was asked for. */
  readonly hostname?: string | undefined;
}

/** The container's networks, and what its files need to know of them. */
export interface Attached {
  readonly network: ContainerNetwork;
  /** Name servers configured for the container's networks. */
  readonly servers: readonly string[];
  /** Names in egress rules, with the addresses that are allowed for them. */
  readonly pinned: readonly HostEntry[];
}

interface AttachRequest {
  readonly container: Attachee;
  readonly networking: NetworkingConfig;
}

/**
 * Attaches a container to its networks. Takes leases, which end when the container's process does. Throws
 * NO_SUCH_NETWORK, ADDRESS_IN_USE, NO_FREE_ADDRESS, INVALID_ARGUMENT.
 */
export async function attachNetworks(place: NetworkPlace, store: Store, request: AttachRequest): Promise<Attached> {
  const sources = await findSources(request.networking, (attach) => findToAttach(place, attach, ensureDefaultNetwork));
  return compose(
    request.networking,
    sources,
    store.transaction(() => attachAll(store, request, sources)),
  );
}

/** Returns what attachNetworks() would return now, without taking or creating anything. */
export async function foreseeNetworks(place: NetworkPlace, store: Store, request: AttachRequest): Promise<Attached> {
  const sources = await findSources(request.networking, (attach) => findToAttach(place, attach, foreseeDefaultNetwork));
  return compose(
    request.networking,
    sources,
    store.rehearse(() => attachAll(store, request, sources)),
  );
}

/** What is looked up before anything is taken. */
interface Sources {
  readonly found: readonly Found[];
  readonly egress: EgressList | undefined;
}

async function findSources(
  networking: NetworkingConfig,
  find: (attach: AttachConfig) => Promise<Found>,
): Promise<Sources> {
  const egress = networking.egress === undefined ? undefined : await resolveEgress(networking.egress);
  return { egress, found: await Promise.all(networking.networks.map((attach) => find(attach))) };
}

/** Attaches the container to all networks. Call it in a transaction. */
function attachAll(
  store: Store,
  { container, networking }: AttachRequest,
  { found }: Sources,
): readonly AttachedNetwork[] {
  const names = interfaceNames(networking.networks);
  return found.map((network, index) =>
    attachNetwork(store, container, {
      network,
      interfaceName: names[index] ?? '',
      place: index,
      ...takeAttach(networking, index),
    }),
  );
}

function compose(
  networking: NetworkingConfig,
  { found, egress }: Sources,
  networks: readonly AttachedNetwork[],
): Attached {
  return {
    network: { networks, ports: networking.ports, ...(egress === undefined ? {} : { egress }) },
    servers: [...new Set(found.flatMap(({ network }) => network.network_dns_servers ?? []))],
    pinned: egress === undefined ? [] : pinnedNames(networking.egress, egress),
  };
}

/**
 * Attaches a running container to another network. `taken`: names of its interfaces; `index`: number of its networks so
 * far. Throws like attachNetworks().
 */
export async function attachOne(
  place: NetworkPlace,
  store: Store,
  {
    container,
    attach,
    taken,
    index,
  }: {
    readonly container: Attachee;
    readonly attach: AttachConfig;
    readonly taken: readonly string[];
    readonly index: number;
  },
): Promise<AttachedNetwork> {
  const found = await findToAttach(place, attach, ensureDefaultNetwork);
  const interfaceName = attach.interfaceName ?? freeName(new Set(taken));
  return store.transaction(() =>
    attachNetwork(store, container, { network: found, interfaceName, place: index, attach }),
  );
}

interface Found {
  readonly network: Network;
  readonly hostInterface: string;
  /** 0: the kernel's default. */
  readonly mtu: number;
}

function takeAttach({ networks }: NetworkingConfig, index: number): { readonly attach: AttachConfig } {
  const attach = networks[index];
  if (attach === undefined) throw new TypeError('a network was found that was not asked for');
  return { attach };
}

/** Finds the network, and what its configuration leaves to the host. */
async function findToAttach(
  place: NetworkPlace,
  { name }: AttachConfig,
  defaultOf: typeof ensureDefaultNetwork,
): Promise<Found> {
  const network =
    name === '' || (isDefault(name) && !hasOwn(place, name)) ? await defaultOf(place) : findNetwork(place, name);
  const hostInterface = network.network_interface ?? (await defaultInterface(network.name));
  const { mtu } = driverSettings(network.driver, network.options);
  const followsHost = mtu === 0 && network.driver === 'bridge' && !network.internal;
  return { network, hostInterface, mtu: followsHost ? await defaultMtu() : mtu };
}

function hasOwn(place: NetworkPlace, name: string): boolean {
  try {
    return findNetwork(place, name).name === name;
  } catch (error) {
    if ((error as { code?: unknown }).code === 'NO_SUCH_NETWORK') return false;
    throw error;
  }
}

/**
 * Returns the name of the network that a user's name or id stands for; possibly that of the default network, which may
 * not exist yet.
 */
export function networkName(place: NetworkPlace, word: string): string {
  if (word === '') return DEFAULT_NETWORK;
  if (!networkIsThere(place, word)) throw noSuchNetwork(word);
  return isDefault(word) && !hasOwn(place, word) ? DEFAULT_NETWORK : findNetwork(place, word).name;
}

/** Returns the interface names: as asked for, and eth0, eth1, ... for the others. */
function interfaceNames(networks: readonly AttachConfig[]): readonly string[] {
  const taken = new Set(networks.flatMap(({ interfaceName }) => interfaceName ?? []));
  return networks.map(({ interfaceName }) => {
    if (interfaceName !== undefined) return interfaceName;
    const name = freeName(taken);
    taken.add(name);
    return name;
  });
}

function freeName(taken: ReadonlySet<string>): string {
  let number = 0;
  while (taken.has(`eth${number}`)) number += 1;
  return `eth${number}`;
}

interface Attachment {
  readonly network: Found;
  readonly attach: AttachConfig;
  readonly interfaceName: string;
  /** Number of the container's networks before this one. */
  readonly place: number;
}

/**
 * Metric of default routes, as in Podman. Each further network has a larger one, so that the first network's route is
 * used.
 */
const DEFAULT_METRIC = 100;

function attachNetwork(
  store: Store,
  container: Attachee,
  { network: { network, hostInterface, mtu }, attach, interfaceName, place }: Attachment,
): AttachedNetwork {
  const { vlan, metric, noDefaultRoute, mode, isolation } = driverSettings(network.driver, network.options);
  if (vlan > 0) throw new TspodError('NOT_SUPPORTED', `network ${network.name}: ${NO_VLAN}`);
  const subnets = network.subnets ?? [];
  const made: AttachedNetwork = {
    name: network.name,
    driver: network.driver,
    hostInterface,
    mode,
    mtu,
    isolation: network.driver === 'bridge' ? isolation : 'none',
    internal: network.internal,
    subnets: subnets.map(({ subnet, gateway }) => ({ subnet, ...(gateway === undefined ? {} : { gateway }) })),
    interfaceName,
    macAddress: attach.macAddress ?? madeMac(container.id, network.id),
    addresses: takeAddresses(store, container, { network, attach }),
    routes: (network.routes ?? []).map(({ destination, gateway, metric: own = 0 }) => ({
      destination,
      gateway,
      metric: own,
    })),
    metric: metric === 0 ? DEFAULT_METRIC + place : metric,
    noDefaultRoute,
    aliases: [...new Set([container.name, ...attach.aliases, ...namesEverywhere(container)])],
    ...nameServers(network),
  };
  if (network.dns_enabled && made.addresses.length > 0) {
    const entries = made.addresses.map(({ address }) => ({ address, names: made.aliases }));
    store.members.add({ network: network.id, owner: container.seq, id: container.id, entries });
  }
  return made;
}

/** Returns the names, beside its own, that a container has on each of its networks. */
export function namesEverywhere({ id, hostname }: Pick<Attachee, 'id' | 'hostname'>): readonly string[] {
  return [shortId(id), ...(hostname === undefined ? [] : [hostname])];
}

/** Returns the network's name servers, if a name server program is installed. */
function nameServers(network: Network): Pick<AttachedNetwork, 'nameServers'> {
  const addresses = findNameServer() === undefined ? [] : namesAddresses(network);
  return addresses.length === 0 ? {} : { nameServers: addresses };
}

/** Takes one address in each subnet, as Podman does. */
function takeAddresses(
  store: Store,
  { seq }: Attachee,
  { network, attach }: { readonly network: Network; readonly attach: AttachConfig },
): readonly AttachedAddress[] {
  const subnets = network.ipam_options?.['driver'] === 'none' ? [] : (network.subnets ?? []);
  const pools = subnets.map((subnet) => ({ subnet, pool: poolOf(network.id, subnet) }));
  for (const ip of attach.ips) {
    if (!pools.some(({ subnet }) => isIn(subnet, ip)))
      throw new TspodError(
        'INVALID_ARGUMENT',
        `requested static ip ${ip} not in any subnet on network ${network.name}`,
      );
  }
  return pools.map(({ subnet, pool }) => {
    const wanted = attach.ips.find((ip) => isIn(subnet, ip));
    const bytes = wanted === undefined ? undefined : parseIp(wanted);
    if (bytes !== undefined) store.leases.takeAddress(seq, pool, bytes);
    const address = bytes ?? store.leases.take(seq, pool).address;
    const { gateway } = subnet;
    return {
      address: formatIp(address),
      prefix: parseIpPrefix(subnet.subnet)?.length ?? 0,
      ...(gateway === undefined ? {} : { gateway }),
    };
  });
}

function isIn({ subnet }: NetworkSubnet, ip: string): boolean {
  const [prefix, bytes] = [parseIpPrefix(subnet), parseIp(ip)];
  return prefix !== undefined && bytes !== undefined && holds(rangeOf(prefix), bytes);
}

/** Returns the addresses that can be given out: all but the network address, the broadcast address and the gateway. */
function poolOf(network: string, { subnet, gateway, lease_range: leases = {} }: NetworkSubnet): LeasePool {
  const prefix = parseIpPrefix(subnet) ?? { bytes: new Uint8Array(4), length: 0 };
  const range = rangeOf(prefix);
  const isIpv4 = range.size === 4;
  const number = (text: string | undefined): bigint | undefined => {
    const bytes = text === undefined ? undefined : parseIp(text);
    return bytes === undefined ? undefined : ipNumber(bytes);
  };
  const [low, high] = [range.first + 1n, isIpv4 ? range.last - 1n : range.last];
  const [start, end] = [number(leases.start_ip) ?? low, number(leases.end_ip) ?? high];
  const gatewayBytes = gateway === undefined ? undefined : parseIp(gateway);
  return {
    network,
    subnet,
    first: ipBytes(start > low ? start : low, range.size),
    last: ipBytes(end < high ? end : high, range.size),
    reserved: [
      ipBytes(range.first, range.size),
      ...(isIpv4 ? [ipBytes(range.last, range.size)] : []),
      ...(gatewayBytes === undefined ? [] : [gatewayBytes]),
    ],
  };
}

/**
 * Returns a locally administered MAC address. It is derived from the ids of container and network, so it stays the
 * same.
 */
function madeMac(id: string, network: string): string {
  const bytes = fingerprint(Buffer.from(`${id} ${network}`)).subarray(0, 6);
  bytes[0] = ((bytes[0] ?? 0) & 0xfc) | 0x02;
  return formatMac(bytes);
}
