/** Routing rules: which table a packet's route is looked up in. */
import { formatIp, parseIpPrefix } from '../../util/ip-address.js';
import type { InsideOptions } from '../mounts.js';
import { INSIDE, requireOptions, type OptionsOf } from '../options.js';
import { converse } from './conversation.js';
import { AF_INET, AF_INET6, familyOf, requireFamily } from './ip-prefixes.js';
import { requireLinkName } from './link-attributes.js';
import { attribute, NLM_F, parseAttributes, request, RTM, text, textAttribute, u32Attribute } from './message.js';

/** What a packet must have, and the table that it then takes. */
export interface RoutingRule {
  readonly family: 'ipv4' | 'ipv6';
  /** Smaller goes first. */
  readonly priority: number;
  /** Number of the table; 254 is the main one, 0 what is no lookup in a table. */
  readonly table: number;
  /** `192.0.2.0/24`; absent: all. */
  readonly from?: string;
  /** As `from`. */
  readonly to?: string;
  /** Name of the interface that it came in by; `lo`: it is this host's. */
  readonly inLink?: string;
  /** Name of the interface that its program has chosen. */
  readonly outLink?: string;
  /** Of the packet, set by a firewall or SO_MARK. */
  readonly mark?: number;
}

export interface RoutingRuleOptions extends Partial<Omit<RoutingRule, 'table'>>, InsideOptions {
  /** Number of the table that is looked in; 254 is the main one. */
  readonly table: number;
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
};

const HEADER_BYTES = 12;
const FRA = { to: 1, from: 2, inLink: 3, priority: 6, mark: 10, table: 15, outLink: 17 } as const;
const FR_ACT_TO_TBL = 1;

/**
 * Adds a rule: of `family`, else of that of its addresses, else of IPv4; without `priority` before those that are there. NativeError EEXIST if there is such
 * a rule; TypeError for what is no network or interface's name, and for addresses of two families.
 */
export async function addRoutingRule(rule: RoutingRuleOptions): Promise<void> {
  requireOptions('addRoutingRule options', rule, RULE);
  const bytes = request(RTM.newRule, NLM_F.create | NLM_F.exclusive | NLM_F.ack, ruleParts(rule));
  await converse(rule.inside, { what: 'RTM_NEWRULE', on: `table ${rule.table}` }, bytes);
}

/** Removes the first rule that has all that is named. NativeError ENOENT if there is none; TypeError as of addRoutingRule(). */
export async function removeRoutingRule(rule: RoutingRuleOptions): Promise<void> {
  requireOptions('removeRoutingRule options', rule, RULE);
  const bytes = request(RTM.delRule, NLM_F.ack, ruleParts(rule));
  await converse(rule.inside, { what: 'RTM_DELRULE', on: `table ${rule.table}` }, bytes);
}

/** Those of IPv4 and IPv6, in the order in which they are asked. */
export async function listRoutingRules(options: InsideOptions = {}): Promise<RoutingRule[]> {
  requireOptions('listRoutingRules options', options, INSIDE);
  const bytes = request(RTM.getRule, NLM_F.dump, [Buffer.alloc(HEADER_BYTES)]);
  const messages = await converse(options.inside, { what: 'RTM_GETRULE', on: 'all' }, bytes);
  return messages
    .filter(({ type, body }) => type === RTM.newRule && [AF_INET, AF_INET6].includes(body.readUInt8(0)))
    .map(({ body }) => decodeRule(body));
}

function ruleParts({ family, from, to, inLink, outLink, priority, mark, table }: RoutingRuleOptions): Buffer[] {
  const [source, destination] = [prefixOf(from), prefixOf(to)];
  const families = [source, destination].flatMap((prefix) => (prefix === undefined ? [] : [familyOf(prefix.bytes)]));
  if (family !== undefined) families.push(requireFamily(family));
  if (new Set(families).size > 1) throw new TypeError('a rule has addresses of one family');
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt8(families[0] ?? AF_INET, 0);
  header.writeUInt8(destination?.length ?? 0, 1);
  header.writeUInt8(source?.length ?? 0, 2);
  header.writeUInt8(FR_ACT_TO_TBL, 7);
  const parts = [header, u32Attribute(FRA.table, table)];
  if (source !== undefined && source.length > 0) parts.push(attribute(FRA.from, source.bytes));
  if (destination !== undefined && destination.length > 0) parts.push(attribute(FRA.to, destination.bytes));
  if (inLink !== undefined) parts.push(textAttribute(FRA.inLink, requireLinkName(inLink)));
  if (outLink !== undefined) parts.push(textAttribute(FRA.outLink, requireLinkName(outLink)));
  if (priority !== undefined) parts.push(u32Attribute(FRA.priority, priority));
  if (mark !== undefined) parts.push(u32Attribute(FRA.mark, mark));
  return parts;
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
  const found = {
    from: network(FRA.from, body.readUInt8(2)),
    to: network(FRA.to, body.readUInt8(1)),
    inLink: name(FRA.inLink),
    outLink: name(FRA.outLink),
    mark: number(FRA.mark),
  };
  return {
    family: body.readUInt8(0) === AF_INET ? 'ipv4' : 'ipv6',
    priority: number(FRA.priority) ?? 0,
    table: number(FRA.table) ?? body.readUInt8(4),
    ...Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined)),
  };
}
