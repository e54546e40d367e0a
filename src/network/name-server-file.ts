/**
 * What aardvark-dns reads: a file for each network, first the addresses that it listens on, then a line for each container: id, IPv4 and IPv6 addresses,
 * names, and servers that are asked about other names. (Its config.md. Servers of the whole network may stand in the first line since version 1.5; older
 * ones refuse the file, so they stand in each container's.)
 */
import type { HostEntry } from '../spec/network/name-options.js';
import type { Network } from './network-file.js';

/** One container on the network. */
export interface NamedMember {
  readonly id: string;
  readonly entries: readonly HostEntry[];
  /** Its own name servers; none: the network's, or the host's. */
  readonly servers: readonly string[];
}

/** Of an internal network, as versions since 1.7 know it: other names are refused there. */
const INTERNAL = '%int';

/** Where older versions are to ask for containers of an internal network: the kernel sends nothing there. */
const NOWHERE = '255.255.255.255';

/** Parts of a line are separated by blanks, those of a part by commas. */
const NAME = /^[^\s,\p{Cc}]+$/u;

/** Name of the network's file: its id, since a name could be that of the program's own file. */
export function namesFileName({ id, internal }: Pick<Network, 'id' | 'internal'>): string {
  return internal ? `${id}${INTERNAL}` : id;
}

/** The network that a file is of; undefined for other files. */
export function networkOfNamesFile(name: string): string | undefined {
  return /^([0-9a-f]{64})(?:%int)?$/.exec(name)?.[1];
}

/** Where the names of a network are asked for: at its bridge. Empty: they are not. */
export function namesAddresses({ driver, dns_enabled, subnets = [] }: Network): readonly string[] {
  return driver === 'bridge' && dns_enabled ? subnets.flatMap(({ gateway }) => gateway ?? []) : [];
}

/** Undefined where there is nothing to tell, or nowhere to listen. */
export function namesFileText(network: Network, members: readonly NamedMember[]): string | undefined {
  const addresses = namesAddresses(network);
  const lines = members.flatMap((member) => memberLine(network, member));
  if (addresses.length === 0 || lines.length === 0) return undefined;
  return [addresses.join(','), ...lines].map((line) => `${line}\n`).join('');
}

function memberLine(network: Network, { id, entries, servers }: NamedMember): readonly string[] {
  const names = [...new Set(entries.flatMap((entry) => entry.names))].filter((name) => NAME.test(name));
  const addresses = entries.map(({ address }) => address);
  if (names.length === 0 || addresses.length === 0) return [];
  const ipv4 = addresses.filter((address) => !address.includes(':'));
  const ipv6 = addresses.filter((address) => address.includes(':'));
  const asked = serversOf(network, servers);
  return [
    [id, ipv4.join(','), ipv6.join(','), names.join(','), ...(asked.length === 0 ? [] : [asked.join(',')])].join(' '),
  ];
}

/** The program knows no zones of addresses. */
function serversOf({ internal, network_dns_servers = [] }: Network, own: readonly string[]): readonly string[] {
  if (internal) return [NOWHERE];
  return (own.length > 0 ? own : network_dns_servers).filter((server) => !server.includes('%'));
}
