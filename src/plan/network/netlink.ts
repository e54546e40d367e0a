/** Netlink messages as steps of a plan. */
import { joinDrafts, type NetlinkDraft } from '../../native/netlink/draft.js';
import { nftBatch } from '../../native/netlink/nftables/message.js';
import { errnoNumber } from '../../util/errno.js';
import type { PlanBuilder } from '../builder.js';
import { CODES } from '../codes.js';
import { NONE } from '../ops.js';
import type { Stage } from '../ops.js';

export const NETLINK_ROUTE = 0;
export const NETLINK_NETFILTER = 12;

/** A question that a step asks first, and how its result decides whether the messages are sent. */
export type Probe =
  /** Sends nothing if the reply finds anything; with `containing`, only if what is found has these bytes. */
  | { readonly unless: NetlinkDraft; readonly containing?: Uint8Array }
  /** Sends nothing if the reply lacks these bytes. */
  | { readonly only: NetlinkDraft; readonly containing: Uint8Array }
  /** Sends nothing unless all replies together find one object, which has these bytes. */
  | { readonly alone: readonly NetlinkDraft[]; readonly containing: Uint8Array };

export interface SendRequest {
  readonly stage: Stage;
  readonly socket: number;
  readonly drafts: readonly NetlinkDraft[];
  /** Errors that count as success. */
  readonly accepted?: readonly string[];
  readonly probe?: Probe;
  /** Slot of the socket that the probe is sent on. @default `socket` */
  readonly probeSocket?: number;
  /** Sends nothing while another process holds the lock of this file. @default sent regardless */
  readonly unlessLocked?: string;
  /** Whether the plan goes on if this fails. @default false */
  readonly optional?: boolean;
}

interface SocketRequest {
  readonly protocol: number;
  /** Slot of the network namespace. @default that of the monitor */
  readonly namespaceSlot?: number;
  /** Whether the plan goes on if this fails. @default false */
  readonly optional?: boolean;
}

/** Adds a step that opens a netlink socket, and returns its slot. */
export function openNetlink(
  builder: PlanBuilder,
  stage: Stage,
  { protocol, namespaceSlot = NONE, optional = false }: SocketRequest,
): number {
  const slot = builder.slot();
  builder[optional ? 'try' : 'add'](stage, 'netlinkSocket', { slot, protocol, namespaceSlot });
  return slot;
}

/** Adds a step that sends messages of rtnetlink as one; no step if there are no messages. */
export function sendDrafts(builder: PlanBuilder, request: SendRequest): void {
  const { stage, socket, drafts, accepted = [], probe, probeSocket = socket, unlessLocked = '' } = request;
  if (drafts.length === 0) return;
  const { question, condition } = questionOf(probe);
  const asked = joinDrafts(question);
  const joined = joinDrafts(drafts);
  const shift = asked.bytes.length;
  const links = [...asked.links, ...joined.links.map(({ offset, name }) => ({ offset: offset + shift, name }))];
  const slots = joined.slots.map(({ offset, slot }) => ({ offset: offset + shift, slot }));
  builder[request.optional === true ? 'try' : 'add'](stage, 'netlink', {
    socketSlot: socket,
    words: joined.words,
    messages: Buffer.concat([asked.bytes, joined.bytes]),
    linkOffsets: links.map(({ offset }) => offset),
    links: links.map(({ name }) => name),
    slotOffsets: slots.map(({ offset }) => offset),
    slots: slots.map(({ slot }) => slot),
    accepted: accepted.flatMap((name) => errnoNumber(name) ?? []),
    probe: shift,
    probeSlot: probeSocket,
    condition,
    unlessLocked,
    expected: probe?.containing ?? new Uint8Array(0),
  });
}

/** Returns the probe's messages, and its condition as the number that the step takes. */
function questionOf(probe: Probe | undefined): {
  readonly question: readonly NetlinkDraft[];
  readonly condition: number;
} {
  if (probe === undefined) return { question: [], condition: CODES.netlinkCondition.none };
  if ('unless' in probe) return { question: [probe.unless], condition: CODES.netlinkCondition.unlessExpected };
  if ('only' in probe) return { question: [probe.only], condition: CODES.netlinkCondition.ifExpected };
  return { question: probe.alone, condition: CODES.netlinkCondition.ifExpectedAlone };
}

/** Adds a step that sends messages of nf_tables as one transaction; no step if there are no messages. */
export function sendBatch(builder: PlanBuilder, request: SendRequest): void {
  if (request.drafts.length > 0) sendDrafts(builder, { ...request, drafts: nftBatch(request.drafts) });
}
