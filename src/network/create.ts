/**
 * Turns the options of a new network into its configuration. Pure but for randomness and time: the state of the host
 * and the other networks is passed in.
 */

import { invalid } from '../errors.js';
import { randomBytes } from '../native/primitives.js';
import { isName } from '../spec/checks/names.js';
import { quote } from '../spec/checks/quote.js';
import { defined } from '../util/defined.js';
import { parseIp, parseIpPrefix } from '../util/ip-address.js';
import {
  addressText,
  holds,
  ipNumber,
  ipText,
  networkText,
  overlaps,
  rangeOf,
  type IpRange,
} from '../util/ip-network.js';
import type { NetworkCreateOptions, NetworkSubnetOptions } from './create-options.js';
import { networkExists } from './directory.js';
import { checkDriverOptions } from './driver-options.js';
import {
  isInterfaceName,
  NETWORK_DRIVERS,
  type Network,
  type NetworkDriver,
  type NetworkSubnet,
} from './network-file.js';
import { avoiding, freeIpv4Subnet, freeIpv6Subnet, networkRanges, type HostRanges } from './subnets.js';

export interface Surroundings extends HostRanges {
  /** The other networks. */
  readonly networks: readonly Network[];
  /** The host's interfaces by name, with their kinds where they have one. */
  readonly hostInterfaces: ReadonlyMap<string, string | undefined>;
  /** Number of the subnet at which the search for a free one begins. */
  readonly firstSubnet: number;
  /** Number of the bridge at which the search for a free name begins. */
  readonly firstBridge: number;
}

/** Names that cannot be used because they are network modes. */
const MODES = ['none', 'host', 'bridge', 'private', 'slirp4netns', 'pasta', 'container', 'ns', 'default', 'pod'];

const MAX_LIST = 256;
const BRIDGE_NAME = 'tspod';

/** Returns the configuration of a new network. Throws INVALID_ARGUMENT, NETWORK_EXISTS, NO_FREE_ADDRESS. */
export function newNetwork(options: NetworkCreateOptions, around: Surroundings): Network {
  const driver = driverOf(options.driver ?? 'bridge');
  checkName(options.name, around.networks);
  const driverOptions = checkDriverOptions(driver, options.options ?? {});
  const hostInterface = driver === 'bridge' ? bridgeName(options, around) : parentOf(options, around);
  const ipam = ipamDriver(options);
  const subnets = ipam === 'none' ? [] : allSubnets(options, driver, around);
  const dnsServers = checkDnsServers(options.dnsServers ?? []);
  const routes = (options.routes ?? []).map((route) => readRoute(route));
  const { labels = {}, ipv6 = false, internal = false, disableDns = false } = options;
  for (const items of [subnets, routes, dnsServers, Object.keys(labels)])
    if (items.length > MAX_LIST) throw invalid(`a network has at most ${MAX_LIST} of each of its parts`);
  return {
    name: options.name ?? (driver === 'bridge' ? hostInterface : undefined) ?? freeName(around),
    id: randomBytes(32).toString('hex'),
    driver,
    ...defined({ network_interface: hostInterface }),
    created: new Date().toISOString(),
    ...filled('subnets', subnets),
    ...filled('routes', routes),
    ipv6_enabled: ipv6 || subnets.some(({ subnet }) => subnet.includes(':')),
    internal,
    dns_enabled: !disableDns && ipam !== 'none',
    ...filled('network_dns_servers', dnsServers),
    ...filled('labels', { ...labels }),
    ...filled('options', driverOptions),
    ipam_options: { driver: ipam },
  };
}

/** Returns an object with this field, or an empty one if the value is empty. */
function filled<K extends string, T extends object>(key: K, value: T): { readonly [P in K]?: T } {
  return Object.keys(value).length === 0 ? {} : ({ [key]: value } as unknown as { readonly [P in K]?: T });
}

function driverOf(name: string): NetworkDriver {
  const driver = NETWORK_DRIVERS.find((known) => known === name);
  if (driver === undefined) throw invalid(`unsupported driver ${name}: invalid argument`);
  return driver;
}

function checkName(name: string | undefined, networks: readonly Network[]): void {
  if (name === undefined) return;
  if (!isName(name)) {
    const shown = /^[^\p{Cc}]{1,64}$/u.test(name) ? name : quote(name);
    throw invalid(`network name ${shown} invalid: names must match [a-zA-Z0-9][a-zA-Z0-9_.-]*: invalid argument`);
  }
  if (MODES.includes(name))
    throw invalid(`cannot create network with name "${name}" because it conflicts with a valid network mode`);
  if (networks.some((network) => network.name === name)) throw networkExists(name);
}

function ipamDriver({ ipamDriver = 'host-local', driver = 'bridge', subnets = [] }: NetworkCreateOptions): string {
  if (ipamDriver === 'none') {
    if (subnets.length > 0) throw invalid('none ipam driver is set but subnets are given');
    return ipamDriver;
  }
  if (ipamDriver !== 'host-local') throw invalid(`unsupported ipam driver ${quote(ipamDriver)}`);
  if (driver !== 'bridge' && subnets.length === 0)
    throw invalid(`${driver} driver needs at least one subnet specified, DHCP is not supported`);
  return ipamDriver;
}

/** Returns the bridge name that was asked for, or the first that no network and no interface has. */
function bridgeName(
  { interfaceName }: NetworkCreateOptions,
  { networks, hostInterfaces, firstBridge }: Surroundings,
): string {
  const taken = new Set(
    networks.flatMap(({ driver, network_interface }) => (driver === 'bridge' ? (network_interface ?? []) : [])),
  );
  if (interfaceName !== undefined) {
    if (taken.has(interfaceName)) throw invalid(`bridge name ${interfaceName} already in use`);
    checkInterface(interfaceName);
    if (hostInterfaces.has(interfaceName) && hostInterfaces.get(interfaceName) !== 'bridge')
      throw invalid(`interface ${interfaceName} already exists, and is not a bridge`);
    return interfaceName;
  }
  for (let number = firstBridge; ; number += 1) {
    const name = `${BRIDGE_NAME}${number}`;
    if (!taken.has(name) && !hostInterfaces.has(name) && !networks.some((network) => network.name === name))
      return name;
  }
}

/** Returns a name for a network without a bridge. */
function freeName({ networks }: Surroundings): string {
  for (let number = 1; ; number += 1) {
    const name = `${BRIDGE_NAME}${number}`;
    if (!networks.some((network) => network.name === name || network.network_interface === name)) return name;
  }
}

function parentOf(options: NetworkCreateOptions, { hostInterfaces }: Surroundings): string | undefined {
  const parent = options.options?.['parent'];
  if (parent !== undefined && options.interfaceName !== undefined && parent !== options.interfaceName)
    throw invalid('interface name and the option parent cannot be set together');
  const name = parent ?? options.interfaceName;
  if (name === undefined || name === '') return undefined;
  checkInterface(name);
  if (!hostInterfaces.has(name)) throw invalid(`parent interface ${name} does not exist`);
  return name;
}

function checkInterface(name: string): string {
  if (isInterfaceName(name)) return name;
  throw invalid(`interface name ${quote(name)} is not 1 to 15 letters, digits, dots, dashes or underscores`);
}

function allSubnets(
  options: NetworkCreateOptions,
  driver: NetworkDriver,
  around: Surroundings,
): readonly NetworkSubnet[] {
  const used = [...around.hostRanges, ...networkRanges(around.networks)];
  const subnets: NetworkSubnet[] = [];
  const ranges: IpRange[] = [];
  const withGateway = driver === 'bridge' || options.internal !== true;
  const add = (given: NetworkSubnetOptions): void => {
    const subnet = readSubnet(given, withGateway);
    const range = rangeOf(prefixOf(subnet.subnet));
    // The parent interface has addresses of the subnet, so for a macvlan or ipvlan the host's subnets are allowed.
    const others = driver === 'bridge' ? used : networkRanges(around.networks);
    if (others.some((other) => overlaps(other, range)))
      throw invalid(`subnet ${subnet.subnet} is already used on the host or by another config`);
    if (ranges.some((other) => overlaps(other, range)))
      throw invalid(`subnet ${subnet.subnet} overlaps another one of this network`);
    subnets.push(subnet);
    ranges.push(range);
  };
  for (const given of options.subnets ?? []) add(given);
  const has = (size: number): boolean => ranges.some((range) => range.size === size);
  if (subnets.length === 0 || (options.ipv6 === true && !has(4)))
    add({
      subnet: avoiding(around.routedRanges, (avoided) =>
        freeIpv4Subnet([...used, ...ranges, ...avoided], around.firstSubnet),
      ),
    });
  if (options.ipv6 === true && !has(16))
    add({ subnet: avoiding(around.routedRanges, (avoided) => freeIpv6Subnet([...used, ...ranges, ...avoided])) });
  return subnets;
}

function prefixOf(subnet: string): ReturnType<typeof parseIpPrefix> & object {
  const prefix = parseIpPrefix(subnet);
  if (prefix === undefined) throw invalid(`invalid CIDR address: ${subnet}`);
  return prefix;
}

function readSubnet({ subnet: given, gateway, ipRange }: NetworkSubnetOptions, withGateway: boolean): NetworkSubnet {
  const subnet = networkText(given);
  if (subnet === undefined)
    throw invalid(`invalid CIDR address: ${/^[\x21-\x7e]{1,64}$/.test(given) ? given : quote(given)}`);
  const prefix = prefixOf(subnet);
  const range = rangeOf(prefix);
  const size = prefix.bytes.length;
  if (prefix.length > size * 8 - 2) throw invalid(`subnet ${subnet} is too small: it has no address for a container`);
  const inSubnet = (what: string, address: string): string => {
    const text = addressText(address);
    if (text === undefined) throw invalid(`${what}: ${quote(address)} is not an ip address`);
    if (!holds(range, parseIp(text) ?? new Uint8Array())) throw invalid(`${what} ${text} not in subnet ${subnet}`);
    return text;
  };
  return {
    subnet,
    ...(gateway !== undefined
      ? { gateway: inSubnet('gateway', gateway) }
      : withGateway
        ? { gateway: ipText(range.first + 1n, size) }
        : {}),
    ...(ipRange === undefined ? {} : { lease_range: readRange(ipRange, inSubnet) }),
  };
}

/**
 * Parses a range of addresses. As in Podman, a network stands for the addresses after its network address up to its
 * last one.
 */
function readRange(
  text: string,
  inSubnet: (what: string, address: string) => string,
): NonNullable<NetworkSubnet['lease_range']> {
  const [first, last, ...more] = text.split('-');
  if (last !== undefined && more.length === 0) {
    const [start, end] = [inSubnet('lease range start ip', first ?? ''), inSubnet('lease range end ip', last)];
    if (ipNumber(parseIp(start) ?? new Uint8Array()) > ipNumber(parseIp(end) ?? new Uint8Array()))
      throw invalid(`lease range ${text}: the end comes before the start`);
    return { start_ip: start, end_ip: end };
  }
  const network = networkText(text);
  if (network === undefined) throw invalid(`invalid CIDR address: ${quote(text)}`);
  const prefix = prefixOf(network);
  const range = rangeOf(prefix);
  const size = prefix.bytes.length;
  const start = range.first === range.last ? range.first : range.first + 1n;
  return {
    start_ip: inSubnet('lease range start ip', ipText(start, size)),
    end_ip: inSubnet('lease range end ip', ipText(range.last, size)),
  };
}

function readRoute({ destination, gateway, metric }: NonNullable<NetworkCreateOptions['routes']>[number]) {
  const network = networkText(destination);
  if (network === undefined) throw invalid(`route: invalid CIDR address: ${quote(destination)}`);
  const address = addressText(gateway);
  if (address === undefined) throw invalid(`route ${network}: gateway ${quote(gateway)} is not an ip address`);
  if (address.includes(':') !== network.includes(':'))
    throw invalid(`route ${network}: gateway ${address} is of another family`);
  if (metric !== undefined && !(Number.isInteger(metric) && metric >= 0 && metric <= 0xffff_ffff))
    throw invalid(`route ${network}: invalid route metric ${metric}`);
  return { destination: network, gateway: address, ...(metric === undefined ? {} : { metric }) };
}

/** Returns the servers in canonical form. Throws INVALID_ARGUMENT for one that is not an address. */
export function checkDnsServers(servers: readonly string[]): readonly string[] {
  return servers.map((server) => {
    const text = addressText(server);
    if (text === undefined) throw invalid(`unable to parse ip ${quote(server)}`);
    return text;
  });
}
