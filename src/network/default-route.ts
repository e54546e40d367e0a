/** The way out of the host: what networks take from it where their files say nothing. */
import { TspodError } from '../errors.js';
import { findLink } from '../native/netlink/links.js';
import { listRoutes, type Route } from '../native/netlink/routes.js';

/** The least that IPv6 works with (RFC 8200, section 5): with less, a link takes no address of it. */
const LEAST_MTU = 1280;

/** The most that a bridge and a pair of links take. */
const MOST_MTU = 65535;

/** What a macvlan or ipvlan lies above where its file names nothing. Throws UNSUPPORTED_HOST. */
export async function defaultInterface(network: string): Promise<string> {
  const link = await wayOut('ipv4');
  if (link !== undefined) return link;
  throw new TspodError(
    'UNSUPPORTED_HOST',
    `network ${network} names no parent interface, and this machine has no default route: set the option parent`,
  );
}

/** What a bridge has: packets that are larger would not get out. 0 without a default route: the kernel's. */
export async function defaultMtu(): Promise<number> {
  const link = await wayOut('ipv4', 'ipv6');
  const mtu = link === undefined ? 0 : ((await findLink(link))?.mtu ?? 0);
  return mtu === 0 ? 0 : Math.min(Math.max(mtu, LEAST_MTU), MOST_MTU);
}

/** The interface of the default route that is taken, of the first family that has one: the kernel lists those of lower metrics first. */
async function wayOut(...families: readonly Route['family'][]): Promise<string | undefined> {
  const ways = (await listRoutes()).filter(
    ({ destination, type, link }) => destination === 'default' && type === 'unicast' && link !== undefined,
  );
  return families
    .map((wanted) => ways.find(({ family }) => family === wanted)?.link)
    .find((link) => link !== undefined);
}
