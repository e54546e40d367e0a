/** Finds out which subnets are in use, and chooses free ones. */

import { isTspodError, TspodError } from '../errors.js';
import { listAddresses } from '../native/netlink/addresses.js';
import { listRoutes } from '../native/netlink/routes.js';
import { randomBytes } from '../native/primitives.js';
import { formatIp, parseIpPrefix } from '../util/ip-address.js';
import { ipText, overlaps, rangeOf, type IpRange } from '../util/ip-network.js';
import type { Network } from './network-file.js';

/** Podman's pools (containers.conf, default_subnet_pools) from which /24 subnets are taken. */
const POOLS = ['10.89.0.0/16', '10.90.0.0/15', '10.92.0.0/14', '10.96.0.0/11', '10.128.0.0/9'].map((pool) => ({
  range: rangeOf(parseIpPrefix(pool) ?? { bytes: new Uint8Array(4), length: 0 }),
}));
const SUBNET_SIZE = 256n;

/** Number of random prefixes (RFC 4193) to try: one is practically certain to be free. */
const ULA_ATTEMPTS = 32;

/** Address ranges that the host itself uses. */
export interface HostRanges {
  /** Networks that the host has addresses in. */
  readonly hostRanges: readonly IpRange[];
  /** Destinations of the host's routes, except default routes: other networks or, with a VPN, everything. */
  readonly routedRanges: readonly IpRange[];
}

export async function readHostRanges(): Promise<HostRanges> {
  const [addresses, routes] = await Promise.all([listAddresses(), listRoutes({ table: 'all' })]);
  const unicast = routes.filter(({ type }) => type === 'unicast');
  return {
    hostRanges: prefixRanges(addresses.map(({ address }) => address)),
    routedRanges: prefixRanges(unicast.map(({ destination }) => destination)),
  };
}

function prefixRanges(texts: readonly string[]): readonly IpRange[] {
  return texts.flatMap((text) => {
    const prefix = parseIpPrefix(text);
    return prefix === undefined || prefix.length === 0 ? [] : [rangeOf(prefix)];
  });
}

/** Returns what `find` finds outside these ranges; if it finds nothing, what it finds anywhere. */
export function avoiding(ranges: readonly IpRange[], find: (avoided: readonly IpRange[]) => string): string {
  try {
    return find(ranges);
  } catch (error) {
    if (!isTspodError(error, 'NO_FREE_ADDRESS')) throw error;
    return find([]);
  }
}

/** Returns the ranges of the networks' subnets. */
export function networkRanges(networks: readonly Network[]): readonly IpRange[] {
  return networks.flatMap(({ subnets = [] }) =>
    subnets.flatMap(({ subnet }) => {
      const prefix = parseIpPrefix(subnet);
      return prefix === undefined ? [] : [rangeOf(prefix)];
    }),
  );
}

/**
 * Returns the first /24 of the pools that overlaps none of `used`, beginning at number `start` and wrapping around.
 * Throws NO_FREE_ADDRESS.
 */
export function freeIpv4Subnet(used: readonly IpRange[], start = 0): string {
  const sorted = used.filter(({ size }) => size === 4).sort((a, b) => Number(a.first - b.first));
  const total = POOLS.reduce((sum, { range }) => sum + (range.last - range.first + 1n) / SUBNET_SIZE, 0n);
  const from = BigInt(start) % total;
  const found = search(sorted, from, total) ?? search(sorted, 0n, from);
  if (found !== undefined) return `${ipText(found, 4)}/24`;
  throw new TspodError('NO_FREE_ADDRESS', 'could not find free subnet from subnet pools');
}

/**
 * Searches the subnets numbered `from` to `to` (exclusive), counted across all pools. Skips a range in use in one step.
 */
function search(sorted: readonly IpRange[], from: bigint, to: bigint): bigint | undefined {
  let base = 0n;
  for (const { range } of POOLS) {
    const count = (range.last - range.first + 1n) / SUBNET_SIZE;
    const end = base + count < to ? base + count : to;
    let index = from > base ? from : base;
    while (index < end) {
      const first = range.first + (index - base) * SUBNET_SIZE;
      const subnet: IpRange = { first, last: first + SUBNET_SIZE - 1n, size: 4 };
      const taken = sorted.find((other) => overlaps(other, subnet));
      if (taken === undefined) return first;
      index = base + (taken.last - range.first) / SUBNET_SIZE + 1n;
    }
    base += count;
  }
  return undefined;
}

/** Returns a /64 with a random local prefix. Throws NO_FREE_ADDRESS. */
export function freeIpv6Subnet(used: readonly IpRange[]): string {
  for (let attempt = 0; attempt < ULA_ATTEMPTS; attempt += 1) {
    const bytes = new Uint8Array(16);
    bytes.set(randomBytes(7), 1);
    bytes[0] = 0xfd;
    const range = rangeOf({ bytes, length: 64 });
    if (!used.some((other) => overlaps(other, range))) return `${formatIp(bytes)}/64`;
  }
  throw new TspodError('NO_FREE_ADDRESS', 'could not find free subnet: all local prefixes that were tried are used');
}
