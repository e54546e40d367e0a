/** Routing rules, which select the table that a packet's route is looked up in. */
import { formatIp, parseIpPrefix } from '../../util/ip-address.js';
import { requireKey, requireObject, requireWhole } from '../arguments.js';
import type { InsideOptions } from '../mounts.js';
import { INSIDE, requireOptions, type OptionsOf } from '../options.js';
import { converse } from './conversation.js';
import { AF_INET, AF_INET6, familyOf, requireFamily } from './ip-prefixes.js';
import { requireLinkName } from './link-attributes.js';
import { attribute, NLM_F, parseAttributes, request, RTM, text, textAttribute, u32Attribute } from './message.js';

/** A range of numbers, including the first and the last. */
export interface NumberRange {
  readonly first: number;
  readonly last: number;
}

/** A routing rule: the properties that a packet must have, and what then happens to it. */
export interface RoutingRule {
  readonly family: 'ipv4' | 'ipv6';
  /**
   * What happens to a matching packet: its route is looked up in `table`; the rule `goto` comes next; nothing; it is
   * dropped, silently or with an ICMP error.
   */
  readonly action: 'lookup' | 'goto' | 'nop' | 'blackhole' | 'unreachable' | 'prohibit' | number;
  /** Priority: rules with smaller ones come first. */
  readonly priority: number;
  /** Number of the table; 254 is the main table, 0 if the action is no lookup in a table. */
  readonly table: number;
  /** Network of the source address, like `192.0.2.0/24`; absent: all. */
  readonly from?: string;
  /** Network of the destination address; absent: all. */
  readonly to?: string;
  /** Name of the interface that the packet came in on; `lo`: it comes from this host. */
  readonly inLink?: string;
  /** Name of the interface that the sending program has chosen. */
  readonly outLink?: string;
  /** Mark of the packet, set by a firewall or SO_MARK. */
  readonly mark?: number;
  /** Bits of the packet's mark that are compared; absent: all. */
  readonly markMask?: number;
  /** Type of service (IPv4) or traffic class (IPv6); absent: any. */
  readonly tos?: number;
  /** Number of the packet's protocol: 6 is TCP, 17 UDP; absent: any. */
  readonly ipProtocol?: number;
  /** Source ports; absent: any. */
  readonly sourcePorts?: NumberRange;
  /** Destination ports; absent: any. */
  readonly destinationPorts?: NumberRange;
  /** Ids of the users whose programs send the packet; absent: all. */
  readonly uids?: NumberRange;
  /** Whether the rule is for packets that do not have all these properties. Absent: it is not. */
  readonly invert?: boolean;
  /** Routes that the lookup finds are ignored if their prefix is no longer than this: 0 ignores default routes. */
  readonly suppressPrefixLength?: number;
  /** Routes that the lookup finds are ignored if their interface is in this group. */
  readonly suppressGroup?: number;
  /** Priority of the rule that comes next, for the action `goto`. */
  readonly goto?: number;
}

/** A rule to add or remove. A listed {@link RoutingRule} can be given as well. */
export interface RoutingRuleOptions extends Partial<RoutingRule>, InsideOptions {
  /** Number of the table; 254 is the main table. Must be given for a lookup. @default 0 */
  readonly table?: number;
  /** What happens to matching packets. @default 'lookup' */
  readonly action?: RoutingRule['action'];
}

const RULE: OptionsOf<RoutingRuleOptions> = {
  ...INSIDE,
  family: 'any',
  priority: 'any',
  table: 'any',
  from: 'any',
  to: 'any',
  inLink: 'any',
  outLink: 'any',
  mark: 'any',
  markMask: 'any',
  tos: 'any',
  ipProtocol: 'any',
  sourcePorts: 'any',
  destinationPorts: 'any',
  uids: 'any',
  invert: 'boolean',
  suppressPrefixLength: 'any',
  suppressGroup: 'any',
  goto: 'any',
  action: 'any',
};

/** Size of struct fib_rule_hdr, and attributes (linux/fib_rules.h). */
const HEADER_BYTES = 12;
const FRA = {
  to: 1,
  from: 2,
  inLink: 3,
  goto: 4,
  priority: 6,
  mark: 10,
  suppressGroup: 13,
  suppressPrefixLength: 14,
  table: 15,
  markMask: 16,
  outLink: 17,
  uids: 20,
  ipProtocol: 22,
  sourcePorts: 23,
  destinationPorts: 24,
} as const;
const FIB_RULE_INVERT = 2;
const ACTIONS = { lookup: 1, goto: 2, nop: 3, blackhole: 6, unreachable: 7, prohibit: 8 } as const;
const ACTION_NAMES: ReadonlyMap<number, RoutingRule['action']> = new Map(
  Object.entries(ACTIONS).map(([name, number]) => [number, name as keyof typeof ACTIONS]),
);
const MAX_U8 = 0xff;
const MAX_U16 = 0xffff;
const MAX_U32 = 0xffffffff;

/**
 * Adds a rule. Its family is `family`, else that of its addresses, else IPv4; without `priority` it is put before
 * existing rules. NativeError EEXIST if such a rule exists; TypeError for an invalid network or name of an interface,
 * and for addresses of two families.
 */
export async function addRoutingRule(rule: RoutingRuleOptions): Promise<void> {
  requireOptions('addRoutingRule options', rule, RULE);
  const bytes = request(RTM.newRule, NLM_F.create | NLM_F.exclusive | NLM_F.ack, ruleParts(rule));
  await converse(rule.inside, { what: 'RTM_NEWRULE', on: wordsOf(rule) }, bytes);
}

/**
 * Removes the first rule that has all the given properties. NativeError ENOENT if there is none; TypeError as for
 * addRoutingRule().
 */
export async function removeRoutingRule(rule: RoutingRuleOptions): Promise<void> {
  requireOptions('removeRoutingRule options', rule, RULE);
  const bytes = request(RTM.delRule, NLM_F.ack, ruleParts(rule));
  await converse(rule.inside, { what: 'RTM_DELRULE', on: wordsOf(rule) }, bytes);
}

/** Returns the IPv4 and IPv6 rules, in the order in which the kernel consults them. */
export async function listRoutingRules(options: InsideOptions = {}): Promise<RoutingRule[]> {
  requireOptions('listRoutingRules options', options, INSIDE);
  const bytes = request(RTM.getRule, NLM_F.dump, [Buffer.alloc(HEADER_BYTES)]);
  const messages = await converse(options.inside, { what: 'RTM_GETRULE', on: 'all' }, bytes);
  return messages
    .filter(({ type, body }) => type === RTM.newRule && [AF_INET, AF_INET6].includes(body.readUInt8(0)))
    .map(({ body }) => decodeRule(body));
}

function wordsOf({ action = 'lookup', table }: RoutingRuleOptions): string {
  return action === 'lookup' ? `table ${table}` : String(action);
}

function ruleParts(rule: RoutingRuleOptions): Buffer[] {
  const { family, from, to, inLink, outLink } = rule;
  const [source, destination] = [prefixOf(from), prefixOf(to)];
  const families = [source, destination].flatMap((prefix) => (prefix === undefined ? [] : [familyOf(prefix.bytes)]));
  if (family !== undefined) families.push(requireFamily(family));
  if (new Set(families).size > 1) throw new TypeError('a rule has addresses of one family');
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt8(families[0] ?? AF_INET, 0);
  header.writeUInt8(destination?.length ?? 0, 1);
  header.writeUInt8(source?.length ?? 0, 2);
  header.writeUInt8(requireWhole(rule.tos ?? 0, 'a type of service', MAX_U8), 3);
  header.writeUInt8(actionNumber(rule), 7);
  header.writeUInt32LE(rule.invert === true ? FIB_RULE_INVERT : 0, 8);
  const parts: Buffer[] = [header];
  if (source !== undefined && source.length > 0) parts.push(attribute(FRA.from, source.bytes));
  if (destination !== undefined && destination.length > 0) parts.push(attribute(FRA.to, destination.bytes));
  if (inLink !== undefined) parts.push(textAttribute(FRA.inLink, requireLinkName(inLink)));
  if (outLink !== undefined) parts.push(textAttribute(FRA.outLink, requireLinkName(outLink)));
  for (const name of [
    'table',
    'priority',
    'mark',
    'markMask',
    'suppressPrefixLength',
    'suppressGroup',
    'goto',
  ] as const) {
    const value = rule[name];
    if (value !== undefined) parts.push(u32Attribute(FRA[name], value));
  }
  return [...parts, ...senderParts(rule)];
}

function actionNumber({ action = 'lookup', table }: RoutingRuleOptions): number {
  if (action === 'lookup') requireWhole(table, 'a routing table', MAX_U32);
  if (typeof action === 'number') return requireWhole(action, 'an action of routing rules', MAX_U8);
  return ACTIONS[requireKey(ACTIONS, action, 'an action of routing rules')];
}

/** Returns the attributes about protocol, ports and users. */
function senderParts({ ipProtocol, sourcePorts, destinationPorts, uids }: RoutingRuleOptions): Buffer[] {
  const parts: Buffer[] = [];
  if (ipProtocol !== undefined)
    parts.push(attribute(FRA.ipProtocol, Uint8Array.of(requireWhole(ipProtocol, 'a protocol', MAX_U8))));
  if (sourcePorts !== undefined) parts.push(attribute(FRA.sourcePorts, portRange(sourcePorts)));
  if (destinationPorts !== undefined) parts.push(attribute(FRA.destinationPorts, portRange(destinationPorts)));
  if (uids !== undefined) parts.push(attribute(FRA.uids, uidRange(uids)));
  return parts;
}

/** Returns a struct fib_rule_port_range. */
function portRange(range: NumberRange): Buffer {
  const { first, last } = requireRange(range, 'a port', MAX_U16);
  const bytes = Buffer.alloc(4);
  bytes.writeUInt16LE(first, 0);
  bytes.writeUInt16LE(last, 2);
  return bytes;
}

/** Returns a struct fib_rule_uid_range. */
function uidRange(range: NumberRange): Buffer {
  const { first, last } = requireRange(range, 'a user id', MAX_U32);
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32LE(first, 0);
  bytes.writeUInt32LE(last, 4);
  return bytes;
}

function requireRange(range: NumberRange, what: string, most: number): NumberRange {
  requireObject(range, 'a range of numbers');
  const [first, last] = [requireWhole(range.first, what, most), requireWhole(range.last, what, most)];
  if (first > last) throw new TypeError(`not a range of numbers: ${first} to ${last}`);
  return { first, last };
}

function prefixOf(network: string | undefined): ReturnType<typeof parseIpPrefix> {
  if (network === undefined) return undefined;
  const prefix = parseIpPrefix(network);
  if (prefix === undefined) throw new TypeError(`not a network: "${network}" (like 192.0.2.0/24)`);
  return prefix;
}

function decodeRule(body: Buffer): RoutingRule {
  const attributes = parseAttributes(body.subarray(HEADER_BYTES));
  const number = (type: number) => attributes.get(type)?.readUInt32LE(0);
  const network = (type: number, length: number) => {
    const bytes = attributes.get(type);
    return bytes === undefined ? undefined : `${formatIp(bytes)}/${length}`;
  };
  const name = (type: number) => {
    const bytes = attributes.get(type);
    return bytes === undefined ? undefined : text(bytes);
  };
  const ports = (type: number) => {
    const bytes = attributes.get(type);
    return bytes === undefined ? undefined : { first: bytes.readUInt16LE(0), last: bytes.readUInt16LE(2) };
  };
  /** Reads a number; one with all bits set means none to the kernel. */
  const limited = (type: number) => (number(type) === MAX_U32 ? undefined : number(type));
  const markMask = limited(FRA.markMask);
  const uids = attributes.get(FRA.uids);
  const action = body.readUInt8(7);
  const tos = body.readUInt8(3);
  const found = {
    from: network(FRA.from, body.readUInt8(2)),
    to: network(FRA.to, body.readUInt8(1)),
    inLink: name(FRA.inLink),
    outLink: name(FRA.outLink),
    mark: number(FRA.mark) ?? (markMask === undefined ? undefined : 0),
    markMask,
    tos: tos === 0 ? undefined : tos,
    ipProtocol: attributes.get(FRA.ipProtocol)?.readUInt8(0),
    sourcePorts: ports(FRA.sourcePorts),
    destinationPorts: ports(FRA.destinationPorts),
    uids: uids === undefined ? undefined : { first: uids.readUInt32LE(0), last: uids.readUInt32LE(4) },
    invert: (body.readUInt32LE(8) & FIB_RULE_INVERT) === 0 ? undefined : true,
    suppressPrefixLength: limited(FRA.suppressPrefixLength),
    suppressGroup: limited(FRA.suppressGroup),
    goto: number(FRA.goto),
  };
  return {
    family: body.readUInt8(0) === AF_INET ? 'ipv4' : 'ipv6',
    action: ACTION_NAMES.get(action) ?? action,
    priority: number(FRA.priority) ?? 0,
    table: number(FRA.table) ?? body.readUInt8(4),
    ...Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined)),
  };
}
