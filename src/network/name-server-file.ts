/**
 * The files that aardvark-dns reads, one per network: first the addresses to listen on, then a line per container with
 * its id, IPv4 and IPv6 addresses, names, and servers to ask about other names. (See its config.md. Since version 1.5
 * the first line may name servers for the whole network; older versions refuse such a file, so they are repeated in
 * each container's line.)
 */
import type { HostEntry } from '../spec/network/name-options.js';
import type { Network } from './network-file.js';

/** One container on the network. */
export interface NamedMember {
  readonly id: string;
  readonly entries: readonly HostEntry[];
  /** The container's own name servers; if there are none, the network's or the host's are used. */
  readonly servers: readonly string[];
}

/** Suffix of an internal network's file, for which aardvark-dns 1.7 and later refuses other names. */
const INTERNAL = '%int';

/** Server for containers of an internal network in older versions: the kernel sends nothing there. */
const NOWHERE = '255.255.255.255';

/** Names that can be written: fields of a line are separated by blanks, items of a field by commas. */
const NAME = /^[^\s,\p{Cc}]+$/u;

/**
 * Returns the name of the network's file. It is derived from the network's id, because a network's name could collide
 * with aardvark-dns's own files.
 */
export function namesFileName({ id, internal }: Pick<Network, 'id' | 'internal'>): string {
  return internal ? `${id}${INTERNAL}` : id;
}

/** Returns the id of the network that a file belongs to; undefined for other files. */
export function networkOfNamesFile(name: string): string | undefined {
  return /^([0-9a-f]{64})(?:%int)?$/.exec(name)?.[1];
}

/**
 * Returns the addresses at which the network's name server listens: those of its bridge. Empty if names are not
 * resolved.
 */
export function namesAddresses({ driver, dns_enabled, subnets = [] }: Network): readonly string[] {
  return driver === 'bridge' && dns_enabled ? subnets.flatMap(({ gateway }) => gateway ?? []) : [];
}

/** Returns the text of the network's file; undefined if there are no names, or no address to listen on. */
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

/** Returns the servers to ask about other names. aardvark-dns does not support zones in addresses. */
function serversOf({ internal, network_dns_servers = [] }: Network, own: readonly string[]): readonly string[] {
  if (internal) return [NOWHERE];
  return (own.length > 0 ? own : network_dns_servers).filter((server) => !server.includes('%'));
}
