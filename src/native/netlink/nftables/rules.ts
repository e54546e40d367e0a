/** Reading rules of nf_tables: their comments, counters and verdicts. */
import type { InsideOptions } from '../../mounts.js';
import { converse } from '../conversation.js';
import { attributeList, parseAttributes, text } from '../message.js';
import { EXPRESSION, isNewRule, LIST_ELEMENT, RULE, ruleQuestion, type NftTable } from './message.js';

/** A rule of a chain. */
export interface ListedRule {
  /** Comment; '' without one. */
  readonly comment: string;
  /** Counter; absent if the rule has none. */
  readonly counter?: { readonly packets: number; readonly bytes: number };
  /** Verdict; absent if it is neither. */
  readonly verdict?: 'accept' | 'drop';
}

const NETLINK_NETFILTER = 12;
/** Size of struct nfgenmsg. */
const GENERIC_BYTES = 4;
const COUNTER = { bytes: 1, packets: 2 } as const;
const IMMEDIATE_DATA = 2;
const DATA_VERDICT = 2;
const VERDICT_CODE = 1;
const VERDICTS: ReadonlyMap<number, 'accept' | 'drop'> = new Map([
  [0, 'drop'],
  [1, 'accept'],
]);

/**
 * Returns the rules of a chain in their order; none if the table or chain does not exist. NativeError if the kernel
 * refuses.
 */
export async function listRules(
  table: NftTable,
  chain: string,
  { inside }: InsideOptions = {},
): Promise<readonly ListedRule[]> {
  const attempt = { what: 'NFT_MSG_GETRULE', on: `${table.family} ${table.name}`, protocol: NETLINK_NETFILTER };
  const messages = await converse(inside, attempt, ruleQuestion(table, chain).bytes);
  return messages.filter(({ type }) => isNewRule(type)).map(({ body }) => decodeRule(body));
}

/** Decodes a rule from the bytes after the header of a message. RangeError for malformed bytes. */
export function decodeRule(body: Buffer): ListedRule {
  const attributes = parseAttributes(body.subarray(GENERIC_BYTES));
  let rule: ListedRule = { comment: commentIn(attributes.get(RULE.userData) ?? Buffer.alloc(0)) };
  for (const { type, value } of attributeList(attributes.get(RULE.expressions) ?? Buffer.alloc(0))) {
    if (type === LIST_ELEMENT) rule = { ...rule, ...expressionOf(value) };
  }
  return rule;
}

function expressionOf(bytes: Buffer): Partial<ListedRule> {
  const expression = parseAttributes(bytes);
  const name = text(expression.get(EXPRESSION.name) ?? Buffer.alloc(0));
  const data = parseAttributes(expression.get(EXPRESSION.data) ?? Buffer.alloc(0));
  if (name === 'counter') {
    const count = (type: number) => Number(data.get(type)?.readBigUInt64BE(0) ?? 0n);
    return { counter: { packets: count(COUNTER.packets), bytes: count(COUNTER.bytes) } };
  }
  const value = name === 'immediate' ? data.get(IMMEDIATE_DATA) : undefined;
  const decided = value === undefined ? undefined : parseAttributes(value).get(DATA_VERDICT);
  const code = decided === undefined ? undefined : parseAttributes(decided).get(VERDICT_CODE)?.readUInt32BE(0);
  const verdict = code === undefined ? undefined : VERDICTS.get(code);
  return verdict === undefined ? {} : { verdict };
}

/** Returns the first NFTNL_UDATA_RULE_COMMENT: type 0, length, text. */
function commentIn(bytes: Buffer): string {
  for (let offset = 0; offset + 2 <= bytes.length;) {
    const [type, length] = [bytes.readUInt8(offset), bytes.readUInt8(offset + 1)];
    if (type === 0) return text(bytes.subarray(offset + 2, offset + 2 + length));
    offset += 2 + length;
  }
  return '';
}
