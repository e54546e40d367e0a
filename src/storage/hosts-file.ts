/** The text of a container's /etc/hosts. */
import { networkInterfaces } from 'node:os';

import { TspodError } from '../errors.js';
import type { HostEntry } from '../spec/network/name-options.js';
import { splitSection } from './hosts-section.js';

export interface HostsRequest {
  /** Text of the file chosen as a base; it follows the added entries. */
  readonly base: string;
  readonly added: readonly HostEntry[];
  /** Whether the container can reach the host, and so gets names for it. */
  readonly hostReachable: boolean;
  /** The container's own names. */
  readonly names: readonly string[];
  /** Addresses of the container's own names. @default its loopback address */
  readonly addresses?: readonly string[];
  /** Address by which the container reaches the host. @default an address of the host */
  readonly gateway?: string | undefined;
}

/** By default the container's own names resolve to its loopback address. */
const OWN_ADDRESS = '127.0.0.1';

/** Names that Podman and Docker give their host in containers. */
const HOST_NAMES = ['host.containers.internal', 'host.docker.internal'];

/** The text before the base, and the lines after it. */
export interface HostsAround {
  readonly first: string;
  readonly last: readonly string[];
}

/**
 * Returns the text of /etc/hosts: the user's entries come first, since the first entry for a name wins, then the base,
 * then what the base lacks. Throws like hostsAround().
 */
export function hostsText(request: HostsRequest): string {
  const { base } = request;
  const { first, last } = hostsAround(request);
  return [first, base === '' || base.endsWith('\n') ? base : `${base}\n`, ...last.map((row) => `${row}\n`)].join('');
}

/**
 * Returns the text before and after the base: the added entries, and whatever lines are missing for localhost, the host
 * and the container. Throws INVALID_ARGUMENT for `host-gateway` on a machine without an address.
 */
export function hostsAround({ added, base, names, hostReachable, ...own }: HostsRequest): HostsAround {
  const { addresses = [OWN_ADDRESS] } = own;
  const needsGateway = added.some(({ address }) => address === 'host-gateway');
  const gateway = hostReachable || needsGateway ? (own.gateway ?? hostAddress()) : undefined;
  if (needsGateway && gateway === undefined) {
    throw new TspodError('INVALID_ARGUMENT', 'host-gateway: this machine has no address besides loopback');
  }
  const first = added.map((entry) =>
    line(entry.address === 'host-gateway' ? (gateway ?? '') : entry.address, entry.names),
  );
  const known = new Set([...added.flatMap((entry) => entry.names), ...namesIn(base)]);
  const lacking = (wanted: readonly string[]) => wanted.filter((name) => !known.has(name));
  const last = [
    ...(known.has('localhost') ? [] : [line(OWN_ADDRESS, ['localhost']), line('::1', ['localhost'])]),
    ...optionalLine(hostReachable ? gateway : undefined, lacking(HOST_NAMES)),
    ...addresses.flatMap((address) => optionalLine(address, lacking([...new Set(names)]))),
  ];
  return { first: first.map((row) => `${row}\n`).join(''), last };
}

/** Names and addresses of a container on its networks, and the gateways by which it reaches the host. */
export interface OwnHosts {
  readonly names: readonly string[];
  readonly addresses: readonly string[];
  readonly gateways: readonly string[];
}

/**
 * Returns the text with the lines for the host and for the container's own names replaced after a change of networks.
 * `now`: what they are to say; `ever`: everything that the old lines may say, by which they are recognized.
 */
export function withOwnHosts(text: string, { now, ever }: { readonly now: OwnHosts; readonly ever: OwnHosts }): string {
  const [head, section] = splitSection(text);
  const own = ownLine(ever);
  const rows = head.split('\n');
  const kept = rows.filter((row) => !own(row));
  const hostReachable = now.addresses.length > 0;
  const addresses = hostReachable ? now.addresses : [OWN_ADDRESS];
  const base = { base: kept.join('\n'), added: [], names: now.names, addresses };
  const { last } = hostsAround({ ...base, hostReachable, gateway: bestGateway(now.gateways) });
  const first = rows.findIndex(own);
  const end = kept.at(-1) === '' ? kept.length - 1 : kept.length;
  const at = first === -1 ? end : first;
  return [...kept.slice(0, at), ...last, ...kept.slice(at)].join('\n') + (at < kept.length ? '' : '\n') + section;
}

/** Returns the address that the host's names get: IPv4 before IPv6. */
export function bestGateway(gateways: readonly string[]): string | undefined {
  return gateways.find((gateway) => !gateway.includes(':')) ?? gateways[0];
}

function ownLine({ names, addresses, gateways }: OwnHosts): (row: string) => boolean {
  const [own, self] = [new Set(names), new Set([OWN_ADDRESS, ...addresses])];
  const [host, hosts] = [new Set(HOST_NAMES), new Set([...gateways, hostAddress()])];
  return (row) => {
    const [address = '', ...words] = row.trim().split(/\s+/);
    if (words.length === 0) return false;
    return (
      (self.has(address) && words.every((word) => own.has(word))) ||
      (hosts.has(address) && words.every((word) => host.has(word)))
    );
  };
}

/** Returns the lines to add for the names of another container that shares this file; '' if the text has them all. */
export function joinersLine(text: string, names: readonly string[]): string {
  const known = namesIn(text);
  return optionalLine(
    OWN_ADDRESS,
    [...new Set(names)].filter((name) => !known.has(name)),
  )
    .map((text) => `${text}\n`)
    .join('');
}

function line(address: string, names: readonly string[]): string {
  return `${address}\t${names.join(' ')}`;
}

function optionalLine(address: string | undefined, names: readonly string[]): readonly string[] {
  return address === undefined || names.length === 0 ? [] : [line(address, names)];
}

function namesIn(text: string): ReadonlySet<string> {
  const words = text.split('\n').map((row) => row.replace(/#.*/, '').trim().split(/\s+/));
  return new Set(words.flatMap(([, ...names]) => names));
}

/** Returns the host's first address that is not a loopback or link-local one, IPv4 before IPv6. */
function hostAddress(): string | undefined {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  const usable = all.filter(({ internal, address }) => !internal && !address.startsWith('fe80:'));
  return (usable.find(({ family }) => family === 'IPv4') ?? usable[0])?.address;
}
