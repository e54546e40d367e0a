/**
 * Requests to nf_tables (linux/netfilter/nf_tables.h): tables, chains, rules, sets and their elements. Pure. Changes
 * are sent as one batch, which the kernel applies completely or not at all. Numbers are big endian, unlike those of
 * rtnetlink.
 */
import { NetlinkWriter } from '../draft.js';
import type { NetlinkDraft } from '../draft.js';
import { NLM_F } from '../message.js';

const SUBSYSTEM = 10;
const BATCH_BEGIN = 16;
const BATCH_END = 17;

/** Message types (NFT_MSG_*). */
const MESSAGE = {
  newTable: 0,
  getTable: 1,
  newChain: 3,
  getChain: 4,
  delChain: 5,
  newRule: 6,
  getRule: 7,
  delRule: 8,
  newSet: 9,
  newElements: 12,
  getElements: 13,
  delElements: 14,
} as const;

const NLM_F_APPEND = 0x800;

/** Families of a table (NFPROTO_*). */
export const FAMILIES = { inet: 1, ip: 2, ip6: 10 } as const;
export type Family = keyof typeof FAMILIES;

/** Hooks of base chains (NF_INET_*). */
const HOOKS = { prerouting: 0, input: 1, forward: 2, output: 3, postrouting: 4 } as const;
export type Hook = keyof typeof HOOKS;

/** A table that requests are about. */
export interface NftTable {
  readonly family: Family;
  readonly name: string;
}

/** Returns a struct nfgenmsg. */
function generic(family: number, resource = 0): Uint8Array {
  return Uint8Array.of(family, 0, resource >> 8, resource & 0xff);
}

function message(type: keyof typeof MESSAGE, { family }: NftTable, flags: number): NetlinkWriter {
  return new NetlinkWriter((SUBSYSTEM << 8) | MESSAGE[type], flags).raw(generic(FAMILIES[family]));
}

/** Returns the messages between the two that make them a batch. */
export function nftBatch(messages: readonly NetlinkDraft[]): readonly NetlinkDraft[] {
  const begin = new NetlinkWriter(BATCH_BEGIN, 0).raw(generic(0, SUBSYSTEM)).finish('change nf_tables');
  const end = new NetlinkWriter(BATCH_END, 0).raw(generic(0, SUBSYSTEM)).finish('');
  return [begin, ...messages, end];
}

export function addTable(table: NftTable): NetlinkDraft {
  return message('newTable', table, NLM_F.create)
    .text(1, table.name)
    .finish(`add table ${nameOf(table)}`);
}

export interface NftChain {
  readonly name: string;
  /** Hook of a base chain. Absent: the chain is only reached by a jump. */
  readonly base?: {
    readonly type: 'filter' | 'nat' | 'route';
    readonly hook: Hook;
    /** Priority: -300 raw, -100 dstnat, 0 filter, 100 srcnat. */
    readonly priority: number;
  };
}

const CHAIN = { table: 1, name: 3, hook: 4, type: 7 } as const;

export function addChain(table: NftTable, { name, base }: NftChain): NetlinkDraft {
  const writer = message('newChain', table, NLM_F.create).text(CHAIN.table, table.name).text(CHAIN.name, name);
  if (base !== undefined) {
    writer.text(CHAIN.type, base.type).nested(CHAIN.hook, () => {
      writer.u32be(1, HOOKS[base.hook]).u32be(2, base.priority);
    });
  }
  return writer.finish(`add chain ${name}`);
}

export function removeChain(table: NftTable, name: string): NetlinkDraft {
  return message('delChain', table, 0)
    .text(CHAIN.table, table.name)
    .text(CHAIN.name, name)
    .finish(`remove chain ${name}`);
}

/** Returns a question that finds the chain, or nothing (ENOENT). */
export function chainQuestion(table: NftTable, name: string): NetlinkDraft {
  return message('getChain', table, 0)
    .text(CHAIN.table, table.name)
    .text(CHAIN.name, name)
    .finish(`look for chain ${name}`);
}

/** One expression of a rule, made by expressions.ts. */
export interface NftExpression {
  readonly name: string;
  readonly write: (writer: NetlinkWriter) => void;
}

export const RULE = { table: 1, chain: 2, expressions: 4, userData: 7 } as const;
export const LIST_ELEMENT = 1;
export const EXPRESSION = { name: 1, data: 2 } as const;

export interface NftRule {
  readonly chain: string;
  readonly expressions: readonly NftExpression[];
  /** Comment that `nft list` shows; up to 128 bytes. */
  readonly comment?: string;
}

/** Adds a rule at the end of its chain. */
export function addRule(table: NftTable, { chain, expressions, comment }: NftRule): NetlinkDraft {
  const writer = message('newRule', table, NLM_F.create | NLM_F_APPEND).text(RULE.table, table.name);
  writer.text(RULE.chain, chain).nested(RULE.expressions, () => {
    for (const { name, write } of expressions) {
      writer.nested(LIST_ELEMENT, () => {
        writer.text(EXPRESSION.name, name).nested(EXPRESSION.data, write);
      });
    }
  });
  if (comment !== undefined) writer.attribute(RULE.userData, commentData(comment));
  return writer.finish(`add a rule to chain ${chain}`);
}

/** Returns a question that finds all rules of a chain. */
export function ruleQuestion(table: NftTable, chain: string): NetlinkDraft {
  return message('getRule', table, NLM_F.dump)
    .text(RULE.table, table.name)
    .text(RULE.chain, chain)
    .finish(`look for rules of chain ${chain}`);
}

/** Whether a message of a reply describes a rule. */
export function isNewRule(type: number): boolean {
  return type === ((SUBSYSTEM << 8) | MESSAGE.newRule);
}

/** Removes all rules of a chain. */
export function flushChain(table: NftTable, chain: string): NetlinkDraft {
  return message('delRule', table, 0)
    .text(RULE.table, table.name)
    .text(RULE.chain, chain)
    .finish(`empty chain ${chain}`);
}

/**
 * Types of keys and data, with the numbers that `nft` uses and their sizes in bytes; the kernel knows only the sizes.
 */
const TYPES = {
  ipv4: { code: 7, bytes: 4 },
  ipv6: { code: 8, bytes: 16 },
  protocol: { code: 12, bytes: 1 },
  port: { code: 13, bytes: 2 },
  link: { code: 41, bytes: 16 },
} as const;
export type NftType = keyof typeof TYPES;

const TYPE_BITS = 6;
const VERDICT_TYPE = 0xffffff00;
const SET_FLAG_MAP = 8;

export interface NftSet {
  readonly name: string;
  readonly key: readonly NftType[];
  /** Types of the data of a map, or `verdict`. Absent: the set is no map. */
  readonly data?: readonly NftType[] | 'verdict';
  /** Id within one batch, for messages that refer to the set before it exists. */
  readonly id: number;
}

const SET = {
  table: 1,
  name: 2,
  flags: 3,
  keyType: 4,
  keyLength: 5,
  dataType: 6,
  dataLength: 7,
  id: 10,
  userData: 13,
} as const;

/** Returns the size of a key or of data. Each part of a concatenation takes whole registers of 4 bytes. */
function sizeOf(types: readonly NftType[]): number {
  if (types.length === 1 && types[0] !== undefined) return TYPES[types[0]].bytes;
  return types.reduce((sum, type) => sum + ((TYPES[type].bytes + 3) & ~3), 0);
}

function codeOf(types: readonly NftType[]): number {
  return types.reduce((code, type) => (code << TYPE_BITS) | TYPES[type].code, 0);
}

/** User data of a set: NFTNL_UDATA_SET_KEYBYTEORDER 1, without which `nft` does not show names of links as text. */
const HOST_ORDER = Uint8Array.of(0, 4, 1, 0, 0, 0);

export function addSet(table: NftTable, { name, key, data, id }: NftSet): NetlinkDraft {
  const writer = message('newSet', table, NLM_F.create).text(SET.table, table.name).text(SET.name, name);
  writer.u32be(SET.flags, data === undefined ? 0 : SET_FLAG_MAP);
  writer.u32be(SET.keyType, codeOf(key)).u32be(SET.keyLength, sizeOf(key));
  if (data === 'verdict') writer.u32be(SET.dataType, VERDICT_TYPE).u32be(SET.dataLength, 0);
  else if (data !== undefined) writer.u32be(SET.dataType, codeOf(data)).u32be(SET.dataLength, sizeOf(data));
  writer.u32be(SET.id, id);
  if (key.length === 1 && key[0] === 'link') writer.attribute(SET.userData, HOST_ORDER);
  return writer.finish(`add ${data === undefined ? 'set' : 'map'} ${name}`);
}

export interface NftElement {
  readonly key: Uint8Array;
  /** Data, in maps. */
  readonly data?: Uint8Array;
  /** Chain to jump to, in maps to verdicts. */
  readonly jump?: string;
  /** Comment that `nft list` shows; up to 128 bytes. */
  readonly comment?: string;
}

const ELEMENTS = { table: 1, set: 2, list: 3 } as const;
const ELEMENT = { key: 1, data: 2, userData: 6 } as const;
const DATA = { value: 1, verdict: 2 } as const;
const VERDICT = { code: 1, chain: 2 } as const;

/** Verdict code NFT_JUMP, -3. */
export const JUMP = 0xfffffffd;

/** Highest number of elements in one message, so that its list stays below the 64 KiB of an attribute. */
const MAX_ELEMENTS = 256;

/** Returns the messages that add elements. EEXIST or EBUSY for a key that has other data. */
export function addElements(table: NftTable, set: string, elements: readonly NftElement[]): readonly NetlinkDraft[] {
  return elementMessages(table, set, { elements, type: 'newElements', flags: NLM_F.create, verb: 'add' });
}

/** Returns the messages that remove elements by their keys, whatever their data. ENOENT if one does not exist. */
export function removeElements(table: NftTable, set: string, elements: readonly NftElement[]): readonly NetlinkDraft[] {
  const keys = elements.map(({ key }) => ({ key }));
  return elementMessages(table, set, { elements: keys, type: 'delElements', flags: 0, verb: 'remove' });
}

/** Returns a question that finds an element with its data and comment, or nothing (ENOENT). */
export function elementQuestion(table: NftTable, set: string, element: NftElement): NetlinkDraft {
  const request = { elements: [{ key: element.key }], type: 'getElements', flags: 0, verb: 'look for' } as const;
  const [question] = elementMessages(table, set, request);
  if (question === undefined) throw new RangeError('no element to look for');
  return question;
}

interface ElementRequest {
  readonly elements: readonly NftElement[];
  readonly type: 'newElements' | 'delElements' | 'getElements';
  readonly flags: number;
  readonly verb: string;
}

function elementMessages(table: NftTable, set: string, request: ElementRequest): readonly NetlinkDraft[] {
  const { elements, type, flags, verb } = request;
  const drafts: NetlinkDraft[] = [];
  for (let first = 0; first < elements.length; first += MAX_ELEMENTS) {
    const some = elements.slice(first, first + MAX_ELEMENTS);
    const writer = message(type, table, flags).text(ELEMENTS.table, table.name).text(ELEMENTS.set, set);
    writer.nested(ELEMENTS.list, () => {
      for (const element of some) writer.nested(LIST_ELEMENT, () => writeElement(writer, element));
    });
    drafts.push(writer.finish(`${verb} ${some.length} element${some.length === 1 ? '' : 's'} of ${set}`));
  }
  return drafts;
}

function writeElement(writer: NetlinkWriter, { key, data, jump, comment }: NftElement): void {
  writer.nested(ELEMENT.key, () => writer.attribute(DATA.value, key));
  if (data !== undefined) writer.nested(ELEMENT.data, () => writer.attribute(DATA.value, data));
  if (jump !== undefined) {
    writer.nested(ELEMENT.data, () => {
      writer.nested(DATA.verdict, () => writer.u32be(VERDICT.code, JUMP).text(VERDICT.chain, jump));
    });
  }
  if (comment !== undefined) writer.attribute(ELEMENT.userData, commentData(comment));
}

/** Encodes a comment as NFTNL_UDATA_*_COMMENT: type 0, length with the NUL, text. */
export function commentData(comment: string): Uint8Array {
  const text = Buffer.from(`${comment}\0`);
  return Buffer.concat([Uint8Array.of(0, text.length), text]);
}

function nameOf({ family, name }: NftTable): string {
  return `${family} ${name}`;
}
