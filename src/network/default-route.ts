/**
 * The host's default route: networks take their parent interface and MTU from it unless their configuration says
 * otherwise.
 */
import { TspodError } from '../errors.js';
import { findLink } from '../native/netlink/links.js';
import { listRoutes, type Route } from '../native/netlink/routes.js';

/** The smallest MTU for IPv6 (RFC 8200, section 5): a link with less takes no IPv6 address. */
const LEAST_MTU = 1280;

/** The largest MTU of a bridge and a pair of links. */
const MOST_MTU = 65535;

/**
 * Returns the parent interface for a macvlan or ipvlan whose configuration names none. Throws UNSUPPORTED_HOST if there
 * is no default route.
 */
export async function defaultInterface(network: string): Promise<string> {
  const link = await wayOut('ipv4');
  if (link !== undefined) return link;
  throw new TspodError(
    'UNSUPPORTED_HOST',
    `network ${network} has no parent interface, and this machine has no default route: set the option parent`,
  );
}

/**
 * Returns the MTU for a bridge: larger packets could not leave the host. 0 (the kernel's default) without a default
 * route.
 */
export async function defaultMtu(): Promise<number> {
  const link = await wayOut('ipv4', 'ipv6');
  const mtu = link === undefined ? 0 : ((await findLink(link))?.mtu ?? 0);
  return mtu === 0 ? 0 : Math.min(Math.max(mtu, LEAST_MTU), MOST_MTU);
}

/**
 * Returns the interface of the default route in use, for the first family that has one: the kernel lists routes with
 * lower metrics first.
 */
async function wayOut(...families: readonly Route['family'][]): Promise<string | undefined> {
  const ways = (await listRoutes()).filter(
    ({ destination, type, link }) => destination === 'default' && type === 'unicast' && link !== undefined,
  );
  return families
    .map((wanted) => ways.find(({ family }) => family === wanted)?.link)
    .find((link) => link !== undefined);
}
