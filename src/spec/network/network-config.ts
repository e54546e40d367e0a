/** Turns the options about networks into the configuration. */
import { invalid } from '../../errors.js';
import { defined } from '../../util/defined.js';
import { parseIp } from '../../util/ip-address.js';
import { addressText } from '../../util/ip-network.js';
import type { PublishedPort } from './container-network.js';
import { normalizeEgress, type EgressConfig } from './egress.js';
import type { NetworkAttachOptions, NetworkOptions } from './network-options.js';
import { mergeExposed, mergePorts, parseExposed, parsePublished, type ExposedPort } from './ports.js';
import { isName } from '../checks/names.js';
import { quote } from '../checks/quote.js';

/** A network that the container is connected to. */
export interface AttachConfig {
  /**
   * Name of the network; '' for the default one. As it was given until the container is recorded, then the network's
   * name.
   */
  readonly name: string;
  /** Requested addresses, at most one of each family. */
  readonly ips: readonly string[];
  readonly macAddress?: string;
  readonly aliases: readonly string[];
  /** Name of the interface in the container. Absent: eth and the next free number. */
  readonly interfaceName?: string;
}

export interface NetworkingConfig {
  /** The networks; none unless the network mode is bridge. */
  readonly networks: readonly AttachConfig[];
  /** Published ports. A `hostPort` that the user left open is 0 until the container is recorded. */
  readonly ports: readonly PublishedPort[];
  readonly publishAll: boolean;
  readonly expose: readonly ExposedPort[];
  readonly egress?: EgressConfig;
}

export const NO_NETWORKING: NetworkingConfig = { networks: [], ports: [], publishAll: false, expose: [] };

/** Highest number of networks of one container; each takes an interface. */
const MAX_NETWORKS = 64;
const MAX_ALIASES = 256;

/** Values of `network` that are no names of networks. */
const MODES: ReadonlySet<string> = new Set(['none', 'host', 'private', 'bridge']);

/** Whether a value of `network` names networks. */
function namesNetworks(mode: string): boolean {
  return !MODES.has(mode) && !mode.startsWith('path:') && !mode.startsWith('container:');
}

interface Options extends NetworkOptions {
  readonly network?: string;
}

/** Returns the mode of the namespace: `bridge` if networks are named in either option. */
export function networkMode({ network, networks }: Options): string {
  if (network === undefined) return networks === undefined || networks.length === 0 ? 'private' : 'bridge';
  return namesNetworks(network) ? 'bridge' : network;
}

/** Returns the configuration of a container's networks. Throws INVALID_ARGUMENT. */
export function normalizeNetworking(options: Options): NetworkingConfig {
  const mode = networkMode(options);
  const expose = mergeExposed((options.expose ?? []).flatMap((text) => parseExposed(text)));
  if (mode !== 'bridge') {
    refuseWithoutBridge(options, mode);
    return { ...NO_NETWORKING, expose };
  }
  const published = (options.publish ?? []).filter((text) => text !== '').flatMap((text) => parsePublished(text));
  return {
    networks: attachments(options),
    ports: mergePorts(published),
    publishAll: options.publishAll ?? false,
    expose,
    ...defined({ egress: options.egress === undefined ? undefined : normalizeEgress(options.egress) }),
  };
}

/** Refuses options that only a bridge has. */
function refuseWithoutBridge(options: Options, mode: string): void {
  if ((options.networks ?? []).length > 0)
    throw invalid(
      `cannot set multiple networks without bridge network mode, selected mode ${modeName(mode)}: invalid argument`,
    );
  const settings = { ip: options.ip, ip6: options.ip6, macAddress: options.macAddress, egress: options.egress };
  for (const [name, value] of Object.entries(settings))
    if (value !== undefined) throw invalid(`${name} can only be set when the network mode is bridge: invalid argument`);
  if ((options.networkAliases ?? []).length > 0)
    throw invalid('networkAliases can only be set when the network mode is bridge: invalid argument');
  if ((options.publish ?? []).length > 0 || options.publishAll === true)
    throw invalid(
      `ports can only be published when the network mode is bridge, not ${modeName(mode)}: invalid argument`,
    );
}

function modeName(mode: string): string {
  return mode.split(':', 1)[0] ?? '';
}

function attachments(options: Options): readonly AttachConfig[] {
  const { network = 'bridge', networks = [] } = options;
  const named = namesNetworks(network) ? network.split(',') : networks.length > 0 ? [] : ['bridge'];
  if (named.includes('')) throw invalid(`network ${quote(network)} has an empty name`);
  const all = [...named.map((name) => ({ name })), ...networks].map((item) => attachConfig(item));
  const unique = mergeSame(all);
  if (unique.length > MAX_NETWORKS) throw invalid(`${unique.length} networks, at most ${MAX_NETWORKS} are allowed`);
  checkInterfaceNames(unique);
  return withSettings(unique, options);
}

/** Removes networks that are named twice, keeping the first, as Podman does. */
function mergeSame(all: readonly AttachConfig[]): readonly AttachConfig[] {
  return all.filter((item, index) => all.findIndex(({ name }) => name === item.name) === index);
}

function checkInterfaceNames(all: readonly AttachConfig[]): void {
  const names = all.flatMap(({ interfaceName }) => interfaceName ?? []);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw invalid(`interface name ${quote(twice)} is used for two networks`);
}

/** Applies the options for a single network, and the aliases for all networks. */
function withSettings(all: readonly AttachConfig[], options: Options): readonly AttachConfig[] {
  const { ip, ip6, macAddress } = options;
  const settings = { ip, ip6, macAddress };
  if (all.length > 1) {
    const set = Object.entries(settings).find(([, value]) => value !== undefined);
    if (set !== undefined) throw invalid(`${set[0]} can only be set for a single network: invalid argument`);
  }
  const more = attachConfig({ name: 'bridge', ...defined(settings), aliases: options.networkAliases ?? [] });
  return all.map((item) => ({
    ...item,
    ips: checkFamilies([...item.ips, ...more.ips]),
    ...defined({ macAddress: more.macAddress }),
    aliases: checkAliases([...item.aliases, ...more.aliases]),
  }));
}

/** Returns the configuration of one network. Throws INVALID_ARGUMENT. */
export function attachConfig({
  name,
  ip,
  ip6,
  macAddress,
  aliases = [],
  interfaceName,
}: NetworkAttachOptions): AttachConfig {
  return {
    name: name === 'bridge' || name === 'default' ? '' : checkNetworkWord(name),
    ips: checkFamilies([...(ip === undefined ? [] : [checkIp(ip)]), ...(ip6 === undefined ? [] : [checkIp6(ip6)])]),
    ...defined({
      macAddress: macAddress === undefined ? undefined : checkMac(macAddress),
      interfaceName: interfaceName === undefined ? undefined : checkInterfaceName(interfaceName),
    }),
    aliases: checkAliases(aliases),
  };
}

/** Returns the name or id of a network if it is valid. Whether the network exists is checked later. */
function checkNetworkWord(name: string): string {
  if (isName(name)) return name;
  throw invalid(`unable to find network with name or ID ${quote(name)}: network not found`);
}

function checkIp(text: string): string {
  const address = addressText(text);
  if (address === undefined) throw invalid(`${quote(text)} is not an ip address`);
  return checkUsable(address);
}

function checkIp6(text: string): string {
  const address = checkIp(text);
  if (!address.includes(':')) throw invalid(`${quote(text)} is not an IPv6 address`);
  return address;
}

/** Returns the addresses, each once. Throws INVALID_ARGUMENT for more than one of a family. */
function checkFamilies(ips: readonly string[]): readonly string[] {
  const unique = [...new Set(ips)];
  const [one, another, ...more] = unique;
  if (one === undefined || another === undefined) return unique;
  if (more.length === 0 && one.includes(':') !== another.includes(':')) return unique;
  throw invalid(`${unique.join(', ')}: a network takes at most one address of each family`);
}

function checkUsable(address: string): string {
  const [first = 0] = parseIp(address) ?? [];
  const isUnicast = address.includes(':') ? first !== 0xff && address !== '::' : first > 0 && first < 224;
  if (!isUnicast) throw invalid(`${address} cannot be the address of a container`);
  return address;
}

/**
 * Returns a hardware address if it is that of a single interface: six bytes, not all zero, with the group bit clear.
 */
function checkMac(text: string): string {
  if (!/^[0-9a-f]{2}([:-])[0-9a-f]{2}(?:\1[0-9a-f]{2}){4}$/i.test(text))
    throw invalid(`address ${text.slice(0, 64)}: invalid MAC address`);
  const mac = text.toLowerCase().replaceAll('-', ':');
  const first = Number.parseInt(mac.slice(0, 2), 16);
  if ((first & 1) === 1 || mac === '00:00:00:00:00:00')
    throw invalid(`address ${mac}: not a unicast address: invalid MAC address`);
  return mac;
}

/** Returns the name of an interface if the kernel accepts it and it has no meaning to a shell or in a path. */
function checkInterfaceName(name: string): string {
  if (/^[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,14}$/.test(name) && name !== 'lo') return name;
  throw invalid(`interface name ${quote(name)} is not 1 to 15 letters, digits, dots, dashes or underscores`);
}

function checkAliases(aliases: readonly string[]): readonly string[] {
  const bad = aliases.find((alias) => !/^[a-zA-Z0-9_](?:[a-zA-Z0-9_.-]{0,253})$/.test(alias));
  if (bad !== undefined) throw invalid(`network alias ${quote(bad)} is not a valid host name`);
  const unique = [...new Set(aliases)];
  if (unique.length > MAX_ALIASES)
    throw invalid(`${unique.length} network aliases, at most ${MAX_ALIASES} are allowed`);
  return unique;
}
