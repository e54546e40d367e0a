/** Routes of the kernel's routing tables. */
import { formatIp, parseIp, parseIpPrefix } from '../../util/ip-address.js';
import type { IpPrefix } from '../../util/ip-address.js';
import { requireText, requireWhole } from '../arguments.js';
import { whileHeld } from '../inside.js';
import type { ThreadNamespaces } from '../inside.js';
import type { InsideOptions } from '../mounts.js';
import { INSIDE, requireOptions, type OptionsOf } from '../options.js';
import { converse } from './conversation.js';
import { AF_INET, AF_INET6, familyOf, requireFamily } from './ip-prefixes.js';
import { linkIndex, linkNames } from './links.js';
import { attribute, NLM_F, parseAttributes, request, RTM, u32Attribute } from './message.js';

/** A route of a routing table. */
export interface Route {
  readonly family: 'ipv4' | 'ipv6';
  /** `192.0.2.0/24`, or `default`. */
  readonly destination: string;
  /** Address of the gateway; undefined if the destination is on the interface's own network. */
  readonly gateway: string | undefined;
  /** Name of the interface; undefined if there is none, or several. */
  readonly link: string | undefined;
  /** Index of the interface. */
  readonly linkIndex: number | undefined;
  /** Source address of packets. */
  readonly source: string | undefined;
  /** Metric: the route with the smallest takes precedence. */
  readonly metric: number;
  /** Number of the table; 254 is the main table. */
  readonly table: number;
  /** Type of service of the packets that the route is for; 0: packets for which there is no other route. */
  readonly tos: number;
  /**
   * What happens to packets: `unicast` forwards them, `blackhole` drops them; a number is a type that has no name here.
   */
  readonly type:
    'unicast' | 'local' | 'broadcast' | 'anycast' | 'multicast' | 'blackhole' | 'unreachable' | 'prohibit' | number;
}

/** A route to add or remove: it has a gateway, an interface, or both. A listed {@link Route} can be given as well. */
export interface RouteOptions extends InsideOptions {
  /** `192.0.2.0/24`, or `default`. */
  readonly destination: string;
  /** Family of the destination `default`; others imply it. @default the gateway's, without one `ipv4` */
  readonly family?: 'ipv4' | 'ipv6';
  /** Address of the gateway. */
  readonly gateway?: string | undefined;
  /** Name of the interface. */
  readonly link?: string | undefined;
  /** Source address of packets. @default the kernel's choice */
  readonly source?: string | undefined;
  /** Metric: the route with the smallest takes precedence. @default 0 (the kernel's 1024 for IPv6) */
  readonly metric?: number;
  /** Number of the table. @default 254, the main table */
  readonly table?: number;
  /**
   * IPv4: type of service of the packets that the route is for.
   * @default 0: packets for which there is no other route
   */
  readonly tos?: number;
  /** Type, as a listed route has it. Only `unicast` can be added; a removal ignores it. @default 'unicast' */
  readonly type?: Route['type'];
  /** Index of the interface, as a listed route has it; ignored in favour of `link`. */
  readonly linkIndex?: number | undefined;
}

const ROUTE: OptionsOf<RouteOptions> = {
  ...INSIDE,
  destination: 'any',
  family: 'any',
  gateway: 'any',
  link: 'any',
  source: 'any',
  metric: 'any',
  table: 'any',
  tos: 'any',
  type: 'any',
  linkIndex: 'any',
};

const RTMSG_BYTES = 12;
const RTA = { destination: 1, link: 4, gateway: 5, priority: 6, preferredSource: 7, table: 15 } as const;
const MAIN_TABLE = 254;
const MAX_TABLE = 0xffffffff;
const MAX_TOS = 0xff;
const RTPROT_BOOT = 3;
const RT_SCOPE_UNIVERSE = 0;
const RT_SCOPE_LINK = 253;
/** In a removal: any scope of the route. */
const RT_SCOPE_NOWHERE = 255;
const RTN_UNICAST = 1;

const TYPES: ReadonlyMap<number, Route['type']> = new Map([
  [1, 'unicast'],
  [2, 'local'],
  [3, 'broadcast'],
  [4, 'anycast'],
  [5, 'multicast'],
  [6, 'blackhole'],
  [7, 'unreachable'],
  [8, 'prohibit'],
]);

/**
 * Adds a route. NativeError EEXIST if such a route exists, ENETUNREACH if the gateway cannot be reached, ENETDOWN if
 * the interface is down, ENODEV if there is none of this name; TypeError for an invalid address.
 */
export async function addRoute(route: RouteOptions): Promise<void> {
  requireOptions('addRoute options', route, ROUTE);
  if (route.type !== undefined && route.type !== 'unicast')
    throw new TypeError(`not a type of routes that can be added: "${route.type}"`);
  const scope = route.gateway === undefined ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
  await whileHeld(route.inside, async (inside) => {
    const parts = await routeParts(route, inside, { scope, type: RTN_UNICAST, protocol: RTPROT_BOOT });
    const bytes = request(RTM.newRoute, NLM_F.create | NLM_F.exclusive | NLM_F.ack, parts);
    await converse(inside, { what: 'RTM_NEWROUTE', on: route.destination }, bytes);
  });
}

/**
 * Removes a route that has all the given properties. NativeError ESRCH if there is none, ENODEV; TypeError for an
 * invalid address.
 */
export async function removeRoute(route: RouteOptions): Promise<void> {
  requireOptions('removeRoute options', route, ROUTE);
  await whileHeld(route.inside, async (inside) => {
    const parts = await routeParts(route, inside, { scope: RT_SCOPE_NOWHERE, type: 0, protocol: 0 });
    const bytes = request(RTM.delRoute, NLM_F.ack, parts);
    await converse(inside, { what: 'RTM_DELROUTE', on: route.destination }, bytes);
  });
}

export interface ListRoutesOptions extends InsideOptions {
  /** Number of the table, or 'all'. @default 254, the main table */
  readonly table?: number | 'all';
}

const LIST: OptionsOf<ListRoutesOptions> = { ...INSIDE, table: 'any' };

/** Returns the IPv4 and IPv6 routes of a table, or of all tables. */
export async function listRoutes(options: ListRoutesOptions = {}): Promise<Route[]> {
  requireOptions('listRoutes options', options, LIST);
  const { table = MAIN_TABLE } = options;
  if (table !== 'all') requireWhole(table, 'a routing table', MAX_TABLE);
  const bytes = request(RTM.getRoute, NLM_F.dump, [Buffer.alloc(RTMSG_BYTES)]);
  return whileHeld(options.inside, async (inside) => {
    const messages = await converse(inside, { what: 'RTM_GETROUTE', on: `table ${table}` }, bytes);
    const names = await linkNames(inside);
    return messages
      .filter((message) => message.type === RTM.newRoute)
      .filter((message) => [AF_INET, AF_INET6].includes(message.body.readUInt8(0)))
      .map((message) => decodeRoute(message.body, names))
      .filter((route) => table === 'all' || route.table === table);
  });
}

async function routeParts(
  route: RouteOptions,
  inside: ThreadNamespaces | undefined,
  { scope, type, protocol }: { scope: number; type: number; protocol: number },
): Promise<Buffer[]> {
  const { family, prefix } = destinationOf(route);
  const tos = requireWhole(route.tos ?? 0, 'a type of service', MAX_TOS);
  const header = Buffer.from([family, prefix.length, 0, tos, 0, protocol, scope, type, 0, 0, 0, 0]);
  const parts = [header, u32Attribute(RTA.table, route.table ?? MAIN_TABLE)];
  if (prefix.length > 0) parts.push(attribute(RTA.destination, prefix.bytes));
  if (route.gateway !== undefined) parts.push(attribute(RTA.gateway, requireIp(route.gateway, family)));
  if (route.source !== undefined) parts.push(attribute(RTA.preferredSource, requireIp(route.source, family)));
  if (route.metric !== undefined) parts.push(u32Attribute(RTA.priority, route.metric));
  if (route.link !== undefined) parts.push(u32Attribute(RTA.link, await linkIndex(route.link, inside)));
  return parts;
}

function destinationOf(route: RouteOptions): { family: number; prefix: IpPrefix } {
  requireText(route.destination, 'a destination');
  const isDefault = route.destination === 'default';
  const isIpv6 =
    route.family === undefined ? route.gateway?.includes(':') === true : requireFamily(route.family) === AF_INET6;
  const prefix = parseIpPrefix(isDefault ? (isIpv6 ? '::/0' : '0.0.0.0/0') : route.destination);
  if (prefix === undefined)
    throw new TypeError(`not a destination: "${route.destination}" (like 192.0.2.0/24, or default)`);
  return { family: familyOf(prefix.bytes), prefix };
}

function requireIp(text: string, family: number): Uint8Array {
  const bytes = parseIp(text);
  const fits = bytes !== undefined && bytes.length === (family === AF_INET ? 4 : 16);
  if (!fits) throw new TypeError(`not an address of the route's family: "${text}"`);
  return bytes;
}

function decodeRoute(body: Buffer, names: ReadonlyMap<number, string>): Route {
  const attributes = parseAttributes(body.subarray(RTMSG_BYTES));
  const address = (type: number) => {
    const bytes = attributes.get(type);
    return bytes === undefined ? undefined : formatIp(bytes);
  };
  const number = (type: number) => attributes.get(type)?.readUInt32LE(0);
  const prefixLength = body.readUInt8(1);
  const type = body.readUInt8(7);
  const index = number(RTA.link);
  const any = body.readUInt8(0) === AF_INET ? '0.0.0.0' : '::';
  return {
    family: body.readUInt8(0) === AF_INET ? 'ipv4' : 'ipv6',
    destination: prefixLength === 0 ? 'default' : `${address(RTA.destination) ?? any}/${prefixLength}`,
    gateway: address(RTA.gateway),
    link: index === undefined ? undefined : names.get(index),
    linkIndex: index,
    source: address(RTA.preferredSource),
    metric: number(RTA.priority) ?? 0,
    table: number(RTA.table) ?? body.readUInt8(4),
    tos: body.readUInt8(3),
    type: TYPES.get(type) ?? type,
  };
}
