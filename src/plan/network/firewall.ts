/**
 * The rules of published ports, masquerading and isolation: one table of nf_tables, `inet tspod`, which nothing else
 * writes to. Pure.
 *
 *     maps  ports_ip, ports_ip6     protocol . port -> container's address . port    published on all addresses
 *           bound_ip, bound_ip6     protocol . host's address . port -> the same     published on one
 *           from_bridge, to_bridge  name of a bridge -> its chain
 *     sets  bridges, isolated       names of bridges
 *
 * Containers add only elements to the maps, so that the number of rules that a packet passes does not grow with
 * containers. A bridge has three chains. Only the first packet of a connection passes chains of type nat; all others
 * follow it.
 */
import type { NetlinkDraft } from '../../native/netlink/draft.js';
import {
  compare,
  connectionStatus,
  counter,
  destinationNat,
  destinationType,
  jump,
  lookup,
  mask,
  masquerade,
  meta,
  PART_OF_REGISTER,
  payload,
  verdict,
} from '../../native/netlink/nftables/expressions.js';
import {
  addChain,
  addElements,
  addRule,
  addSet,
  addTable,
  flushChain,
  removeChain,
  removeElements,
} from '../../native/netlink/nftables/message.js';
import type { NftExpression, NftSet, NftTable } from '../../native/netlink/nftables/message.js';
import type { AttachedNetwork } from '../../spec/network/container-network.js';
import { parseIpPrefix, type IpPrefix } from '../../util/ip-address.js';
import { bridgeChains } from './names.js';

export const TABLE: NftTable = { family: 'inet', name: 'tspod' };

/** Names of the maps of published ports. */
export const PORT_MAPS = {
  ip: { everywhere: 'ports_ip', bound: 'bound_ip' },
  ip6: { everywhere: 'ports_ip6', bound: 'bound_ip6' },
} as const;

const SETS = {
  bridges: { name: 'bridges', key: ['link'], id: 1 },
  isolated: { name: 'isolated', key: ['link'], id: 2 },
  portsIp: { name: PORT_MAPS.ip.everywhere, key: ['protocol', 'port'], data: ['ipv4', 'port'], id: 3 },
  portsIp6: { name: PORT_MAPS.ip6.everywhere, key: ['protocol', 'port'], data: ['ipv6', 'port'], id: 4 },
  boundIp: { name: PORT_MAPS.ip.bound, key: ['protocol', 'ipv4', 'port'], data: ['ipv4', 'port'], id: 5 },
  boundIp6: { name: PORT_MAPS.ip6.bound, key: ['protocol', 'ipv6', 'port'], data: ['ipv6', 'port'], id: 6 },
  from: { name: 'from_bridge', key: ['link'], data: 'verdict', id: 7 },
  to: { name: 'to_bridge', key: ['link'], data: 'verdict', id: 8 },
} as const satisfies Readonly<Record<string, NftSet>>;

/** Priorities, which order the chains among those of others at the same hook. */
const PRIORITY = { raw: -300, destinationNat: -100, filter: 0, sourceNat: 100 } as const;

const FAMILY = { ip: Uint8Array.of(2), ip6: Uint8Array.of(10) } as const;
const SOURCE = { ip: { offset: 12, length: 4 }, ip6: { offset: 8, length: 16 } } as const;
const DESTINATION = { ip: { offset: 16, length: 4 }, ip6: { offset: 24, length: 16 } } as const;
const DESTINATION_PORT = { base: 'transport', offset: 2, length: 2 } as const;
const LOOPBACK_IP = Uint8Array.of(127);
const LOOPBACK_IP6 = Uint8Array.of(...new Array<number>(15).fill(0), 1);
/** RTN_LOCAL and IPS_DST_NAT, in the host's byte order. */
const LOCAL = Uint8Array.of(2, 0, 0, 0);
const DESTINATION_CHANGED = Uint8Array.of(0x20, 0, 0, 0);
const NOTHING = new Uint8Array(4);

type Ip = 'ip' | 'ip6';

function familyIs(ip: Ip): readonly NftExpression[] {
  return [meta('nfProtocol'), compare('equal', FAMILY[ip])];
}

/** Returns the name of a link as the kernel compares it: padded to IFNAMSIZ. */
function linkBytes(name: string): Uint8Array {
  const bytes = Buffer.alloc(16);
  bytes.write(name);
  return bytes;
}

export function linkIs(key: 'inName' | 'outName', name: string): readonly NftExpression[] {
  return [meta(key), compare('equal', linkBytes(name))];
}

/** Returns expressions that compare a packet's address with a prefix. */
function inPrefix(
  part: typeof SOURCE | typeof DESTINATION,
  how: 'equal' | 'notEqual',
  { bytes, length }: IpPrefix,
): readonly NftExpression[] {
  const { offset } = part[bytes.length === 4 ? 'ip' : 'ip6'];
  const count = Math.max(1, Math.ceil(length / 8));
  const load = payload({ base: 'network', offset, length: count });
  if (length % 8 === 0 && length > 0) return [load, compare(how, bytes.subarray(0, count))];
  const bits = Uint8Array.from({ length: count }, (_, index) => 0xff << Math.max(0, 8 - (length - index * 8)));
  const network = bytes.subarray(0, count).map((byte, index) => byte & (bits[index] ?? 0));
  return [load, mask(bits), compare(how, network)];
}

/** Returns expressions that match packets whose destination lies in this network, of either family. */
export function destinationIs(network: string): readonly NftExpression[] {
  const prefix = prefixOf(network);
  return [...familyIs(prefix.bytes.length === 4 ? 'ip' : 'ip6'), ...inPrefix(DESTINATION, 'equal', prefix)];
}

/** Returns expressions that match connections to published ports. */
function isPublished(): readonly NftExpression[] {
  return [connectionStatus(), mask(DESTINATION_CHANGED), compare('notEqual', NOTHING)];
}

/**
 * Returns expressions that load the key of a port map: protocol, destination address (with `ip`) and port, one after
 * the other, into the register.
 */
function portKey(ip?: Ip): readonly NftExpression[] {
  const second = PART_OF_REGISTER + 1;
  if (ip === undefined) return [meta('l4Protocol'), payload(DESTINATION_PORT, second)];
  const address = DESTINATION[ip];
  return [
    meta('l4Protocol'),
    payload({ base: 'network', ...address }, second),
    payload(DESTINATION_PORT, second + address.length / 4),
  ];
}

function toPublished(ip: Ip, map: NftSet, bound: boolean): readonly NftExpression[] {
  return [
    ...familyIs(ip),
    // The kernel has no route back to ::1 for packets that come from another host.
    ...(ip === 'ip6' ? [payload({ base: 'network', ...DESTINATION.ip6 }), compare('notEqual', LOOPBACK_IP6)] : []),
    ...portKey(bound ? ip : undefined),
    lookup({ set: map.name, id: map.id, into: 'register' }),
    destinationNat(ip),
  ];
}

function chainWith(
  name: string,
  base: Parameters<typeof addChain>[1]['base'] | undefined,
  rules: readonly (readonly NftExpression[])[],
) {
  return [
    addChain(TABLE, base === undefined ? { name } : { name, base }),
    flushChain(TABLE, name),
    ...rules.map((expressions) => addRule(TABLE, { chain: name, expressions })),
  ];
}

/**
 * Returns the rules that all bridges share. They may be written again: chains are emptied and refilled in one
 * transaction.
 */
function baseRules(): readonly NetlinkDraft[] {
  const toLocal = [destinationType(), compare('equal', LOCAL), jump('published')];
  return [
    addTable(TABLE),
    ...Object.values(SETS).map((set) => addSet(TABLE, set)),
    ...chainWith('published', undefined, [
      toPublished('ip', SETS.boundIp, true),
      toPublished('ip6', SETS.boundIp6, true),
      toPublished('ip', SETS.portsIp, false),
      toPublished('ip6', SETS.portsIp6, false),
    ]),
    ...chainWith('prerouting', { type: 'nat', hook: 'prerouting', priority: PRIORITY.destinationNat }, [toLocal]),
    ...chainWith('output', { type: 'nat', hook: 'output', priority: PRIORITY.destinationNat }, [toLocal]),
    // Bridges accept packets to 127.0.0.0/8 (route_localnet), for replies. Those that a container addresses there
    // itself are dropped.
    ...chainWith('guard', { type: 'filter', hook: 'prerouting', priority: PRIORITY.raw }, [
      [
        meta('inName'),
        lookup({ set: SETS.bridges.name, id: SETS.bridges.id }),
        ...familyIs('ip'),
        payload({ base: 'network', offset: DESTINATION.ip.offset, length: 1 }),
        compare('equal', LOOPBACK_IP),
        verdict('drop'),
      ],
    ]),
    ...chainWith('forward', { type: 'filter', hook: 'forward', priority: PRIORITY.filter }, [
      [meta('inName'), lookup({ set: SETS.from.name, id: SETS.from.id, into: 'verdict' })],
      [meta('outName'), lookup({ set: SETS.to.name, id: SETS.to.id, into: 'verdict' })],
    ]),
  ];
}

type Bridge = Pick<AttachedNetwork, 'hostInterface' | 'internal' | 'isolation' | 'subnets'>;

/** The properties of a bridge that its removal needs. */
export type RemovableBridge = Pick<AttachedNetwork, 'hostInterface' | 'isolation'>;

function fromRules({ hostInterface, internal, isolation }: Bridge): readonly (readonly NftExpression[])[] {
  const rules = [[...linkIs('outName', hostInterface), verdict('accept')]];
  if (internal) return [...rules, [counter(), verdict('drop')]];
  if (isolation === 'none') return rules;
  const { name, id } = isolation === 'strict' ? SETS.bridges : SETS.isolated;
  return [
    ...rules,
    [...isPublished(), verdict('return')],
    [meta('outName'), lookup({ set: name, id }), counter(), verdict('drop')],
  ];
}

function toRules({ hostInterface, internal, isolation }: Bridge): readonly (readonly NftExpression[])[] {
  const rules = [[...linkIs('inName', hostInterface), verdict('accept')]];
  if (internal) return [...rules, [counter(), verdict('drop')]];
  if (isolation !== 'strict') return rules;
  const { name, id } = SETS.bridges;
  return [
    ...rules,
    [...isPublished(), verdict('accept')],
    [meta('inName'), lookup({ set: name, id }), counter(), verdict('drop')],
  ];
}

const MULTICAST = { ip: '224.0.0.0/4', ip6: 'ff00::/8' } as const;

function prefixOf(subnet: string): IpPrefix {
  const prefix = parseIpPrefix(subnet);
  if (prefix === undefined) throw new TypeError(`not a subnet: "${subnet}"`);
  return prefix;
}

/**
 * Returns the rules that give packets the host's address: packets that leave the subnet, and packets that return into
 * it through a published port, whose replies would otherwise bypass the host.
 */
function masqueradeRules({ hostInterface, internal, subnets }: Bridge): readonly (readonly NftExpression[])[] {
  const rules = subnets.flatMap(({ subnet }) => {
    const prefix = prefixOf(subnet);
    const ip = prefix.bytes.length === 4 ? 'ip' : 'ip6';
    const from = [...familyIs(ip), ...inPrefix(SOURCE, 'equal', prefix)];
    const hairpin = [...from, ...inPrefix(DESTINATION, 'equal', prefix), ...isPublished(), masquerade()];
    const out = [
      ...from,
      ...inPrefix(DESTINATION, 'notEqual', prefix),
      ...inPrefix(DESTINATION, 'notEqual', prefixOf(MULTICAST[ip])),
      masquerade(),
    ];
    return internal ? [hairpin] : [hairpin, out];
  });
  const fromLoopback = [
    ...linkIs('outName', hostInterface),
    ...familyIs('ip'),
    payload({ base: 'network', offset: SOURCE.ip.offset, length: 1 }),
    compare('equal', LOOPBACK_IP),
    masquerade(),
  ];
  return [...rules, fromLoopback];
}

/** Returns the messages that make the chains of one bridge, together with the rules that all bridges share. */
export function bridgeRules(bridge: Bridge): readonly NetlinkDraft[] {
  const { hostInterface } = bridge;
  const { from, to, masquerade: out } = bridgeChains(hostInterface);
  const key = linkBytes(hostInterface);
  return [
    ...baseRules(),
    ...chainWith(from, undefined, fromRules(bridge)),
    ...chainWith(to, undefined, toRules(bridge)),
    ...chainWith(out, { type: 'nat', hook: 'postrouting', priority: PRIORITY.sourceNat }, masqueradeRules(bridge)),
    ...addElements(TABLE, SETS.bridges.name, [{ key }]),
    ...(bridge.isolation === 'none' ? [] : addElements(TABLE, SETS.isolated.name, [{ key }])),
    ...addElements(TABLE, SETS.from.name, [{ key, jump: from }]),
    ...addElements(TABLE, SETS.to.name, [{ key, jump: to }]),
  ];
}

/** Returns the messages that remove what bridgeRules() makes, except what bridges share. */
export function bridgeRulesRemoval({ hostInterface, isolation }: RemovableBridge): readonly NetlinkDraft[] {
  const { from, to, masquerade: out } = bridgeChains(hostInterface);
  const key = linkBytes(hostInterface);
  return [
    ...removeElements(TABLE, SETS.from.name, [{ key }]),
    ...removeElements(TABLE, SETS.to.name, [{ key }]),
    ...removeElements(TABLE, SETS.bridges.name, [{ key }]),
    ...(isolation === 'none' ? [] : removeElements(TABLE, SETS.isolated.name, [{ key }])),
    ...[from, to, out].flatMap((chain) => [flushChain(TABLE, chain), removeChain(TABLE, chain)]),
  ];
}
