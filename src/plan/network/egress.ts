/**
 * The destinations that a container may reach, as rules in its own network namespace, which it cannot change without
 * CAP_NET_ADMIN (nor bypass without CAP_NET_RAW). Pure. The rules are about connections that begin in the container;
 * replies to others always pass.
 */
import type { NetlinkDraft } from '../../native/netlink/draft.js';
import {
  compare,
  connectionState,
  counter,
  mask,
  meta,
  payload,
  verdict,
} from '../../native/netlink/nftables/expressions.js';
import { addChain, addRule, addTable, flushChain } from '../../native/netlink/nftables/message.js';
import type { NftExpression, NftTable } from '../../native/netlink/nftables/message.js';
import type { ListedRule } from '../../native/netlink/nftables/rules.js';
import type { EgressDestination, EgressList } from '../../spec/network/container-network.js';
import type { EgressConfig } from '../../spec/network/egress.js';
import { destinationIs, linkIs } from './firewall.js';
import { PROTOCOLS } from './ports.js';

export const EGRESS_TABLE: NftTable = { family: 'inet', name: 'tspod_egress' };

export const EGRESS_CHAIN = 'output';

/** NF_CT_STATE_BIT of established and of related, in the host's byte order. */
const KNOWN = Uint8Array.of(6, 0, 0, 0);
const NOTHING = new Uint8Array(4);

const ICMPV6 = 58;
/**
 * ICMPv6 types of router solicitation, neighbour solicitation and neighbour advertisement: without these no neighbour
 * is found.
 */
const NEIGHBOUR_MESSAGES = [133, 135, 136];

/** Longest comment of a rule, in bytes. */
const MAX_COMMENT_BYTES = 120;

/** Comment of the last rule. It cannot be a user's rule, which has no space. */
const EVERYTHING_ELSE = 'everything else';

/** A rule as the user gave it, and its counters. */
export interface EgressCount {
  readonly rule: string;
  readonly action: 'allow' | 'deny';
  readonly packets: number;
  readonly bytes: number;
}

export function egressRules({ allow, deny, rest }: EgressList): readonly NetlinkDraft[] {
  const rules: readonly (readonly [readonly NftExpression[], string?])[] = [
    [[connectionState(), mask(KNOWN), compare('notEqual', NOTHING), verdict('accept')]],
    [[...linkIs('outName', 'lo'), verdict('accept')]],
    ...NEIGHBOUR_MESSAGES.map((type) => [neighbours(type)] as const),
    ...deny.flatMap((each) => ruleOf(each, 'drop')),
    ...allow.flatMap((each) => ruleOf(each, 'accept')),
    ...(rest === 'deny' ? [[[counter(), verdict('drop')], EVERYTHING_ELSE] as const] : []),
  ];
  return [
    addTable(EGRESS_TABLE),
    addChain(EGRESS_TABLE, { name: EGRESS_CHAIN, base: { type: 'filter', hook: 'output', priority: 0 } }),
    flushChain(EGRESS_TABLE, EGRESS_CHAIN),
    ...rules.map(([expressions, comment]) =>
      addRule(EGRESS_TABLE, { chain: EGRESS_CHAIN, expressions, ...(comment === undefined ? {} : { comment }) }),
    ),
  ];
}

/**
 * Returns the counters of the rules: one entry for each rule that the user gave, although the kernel may have several
 * for it.
 */
export function egressCounts({ allow, deny }: EgressConfig, listed: readonly ListedRule[]): readonly EgressCount[] {
  const given = [
    ...deny.map(({ rule }) => ({ rule, action: 'deny' }) as const),
    ...allow.map(({ rule }) => ({ rule, action: 'allow' }) as const),
    ...(allow.length > 0 ? [{ rule: EVERYTHING_ELSE, action: 'deny' } as const] : []),
  ];
  return given.map(({ rule, action }) => {
    const verdict = action === 'allow' ? 'accept' : 'drop';
    const own = listed.filter((each) => each.comment === commentOf(rule) && each.verdict === verdict);
    const sum = (key: 'packets' | 'bytes') => own.reduce((total, { counter: c }) => total + (c?.[key] ?? 0), 0);
    return { rule, action, packets: sum('packets'), bytes: sum('bytes') };
  });
}

/** Returns the comment of a rule. Rules are ASCII, so characters are bytes. */
function commentOf(rule: string): string {
  return rule.slice(0, MAX_COMMENT_BYTES);
}

function neighbours(type: number): readonly NftExpression[] {
  return [
    meta('l4Protocol'),
    compare('equal', Uint8Array.of(ICMPV6)),
    payload({ base: 'transport', offset: 0, length: 1 }),
    compare('equal', Uint8Array.of(type)),
    verdict('accept'),
  ];
}

function ruleOf(
  { destination, port, rule }: EgressDestination,
  code: 'accept' | 'drop',
): readonly (readonly [readonly NftExpression[], string])[] {
  const end = [counter(), verdict(code)];
  const comment = commentOf(rule);
  const there = destinationIs(destination);
  if (port === 0) return [[[...there, ...end], comment]];
  return [PROTOCOLS.tcp, PROTOCOLS.udp].map((protocol) => [
    [
      ...there,
      meta('l4Protocol'),
      compare('equal', Uint8Array.of(protocol)),
      payload({ base: 'transport', offset: 2, length: 2 }),
      compare('equal', Uint8Array.of(port >> 8, port & 0xff)),
      ...end,
    ],
    comment,
  ]);
}
