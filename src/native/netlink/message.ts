/**
 * Encoding and decoding of rtnetlink(7) messages. Pure; `converse` in conversation.ts sends them. Netlink uses the byte
 * order of the host.
 */
import { requireWhole } from '../arguments.js';

/** Message types (linux/rtnetlink.h). */
export const RTM = {
  newLink: 16,
  delLink: 17,
  getLink: 18,
  newAddress: 20,
  delAddress: 21,
  getAddress: 22,
  newRoute: 24,
  delRoute: 25,
  getRoute: 26,
  newNeighbour: 28,
  delNeighbour: 29,
  getNeighbour: 30,
  newRule: 32,
  delRule: 33,
  getRule: 34,
} as const;

/** Flags of a request (linux/netlink.h). */
export const NLM_F = {
  request: 0x001,
  ack: 0x004,
  dumpInterrupted: 0x010,
  dump: 0x300,
  exclusive: 0x200,
  create: 0x400,
  append: 0x800,
  replace: 0x100,
} as const;

const NLMSG_ERROR = 2;
const NLMSG_DONE = 3;
const NLM_F_CAPPED = 0x100;
const NLM_F_ACK_TLVS = 0x200;
const NLMSGERR_ATTR_MSG = 1;

/** Sizes of struct nlmsghdr and struct nlattr. */
export const HEADER_BYTES = 16;
export const ATTRIBUTE_HEADER_BYTES = 4;
/** NLA_F_NESTED, a flag in the type of an attribute. */
export const NESTED = 0x8000;
const TYPE_MASK = 0x3fff;
export const MAX_ATTRIBUTE_BYTES = 0xffff;

/** Values of decoded attributes by type. Of several attributes of one type, the last. */
export type Attributes = ReadonlyMap<number, Buffer>;

export interface ReceivedMessage {
  readonly type: number;
  readonly flags: number;
  /** The bytes after the header: a fixed structure, then attributes. */
  readonly body: Buffer;
}

/** The kernel's refusal of a request: errno (positive) and, if it gives any, words. */
export interface Refusal {
  readonly errno: number;
  readonly words: string | undefined;
}

export interface Answer {
  readonly messages: readonly ReceivedMessage[];
  readonly refusal: Refusal | undefined;
  /** Whether the table changed while it was read, so that entries may be missing or repeated. */
  readonly interrupted: boolean;
}

/** Rounds a length up to a multiple of 4, the value of NLMSG_ALIGNTO and NLA_ALIGNTO. */
export function aligned(length: number): number {
  return (length + 3) & ~3;
}

/** Encodes one attribute, padded. */
export function attribute(type: number, value: Uint8Array): Buffer {
  const length = ATTRIBUTE_HEADER_BYTES + value.length;
  if (length > MAX_ATTRIBUTE_BYTES) throw new RangeError(`netlink attribute of ${length} bytes`);
  const bytes = Buffer.alloc(aligned(length));
  bytes.writeUInt16LE(length, 0);
  bytes.writeUInt16LE(type, 2);
  bytes.set(value, ATTRIBUTE_HEADER_BYTES);
  return bytes;
}

/** Encodes an attribute of 32 bits. TypeError for a value that is no number of 32 bits. */
export function u32Attribute(type: number, value: number): Buffer {
  requireWhole(value, 'a number of 32 bits', 0xffffffff);
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value, 0);
  return attribute(type, bytes);
}

/** Encodes text with the NUL that the kernel expects after it. */
export function textAttribute(type: number, value: string): Buffer {
  return attribute(type, Buffer.from(`${value}\0`));
}

export function nestedAttribute(type: number, parts: readonly Uint8Array[]): Buffer {
  return attribute(type | NESTED, Buffer.concat(parts));
}

/**
 * Encodes a request: its header, the fixed structure of its type, attributes. Each socket takes only one request, so
 * the sequence number is 1.
 */
export function request(type: number, flags: number, parts: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(parts);
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32LE(HEADER_BYTES + body.length, 0);
  header.writeUInt16LE(type, 4);
  header.writeUInt16LE(flags | NLM_F.request, 6);
  header.writeUInt32LE(1, 8);
  return Buffer.concat([header, body]);
}

/** Parses all messages of a reply. RangeError for malformed bytes. */
export function parseAnswer(bytes: Buffer): Answer {
  const messages: ReceivedMessage[] = [];
  let interrupted = false;
  let refusal: Refusal | undefined;
  for (let offset = 0; offset + HEADER_BYTES <= bytes.length;) {
    const length = bytes.readUInt32LE(offset);
    if (length < HEADER_BYTES || offset + length > bytes.length)
      throw new RangeError(`netlink message of ${length} bytes`);
    const message = {
      type: bytes.readUInt16LE(offset + 4),
      flags: bytes.readUInt16LE(offset + 6),
      body: bytes.subarray(offset + HEADER_BYTES, offset + length),
    };
    interrupted ||= (message.flags & NLM_F.dumpInterrupted) !== 0;
    if (message.type === NLMSG_ERROR) refusal = parseRefusal(message) ?? refusal;
    else if (message.type === NLMSG_DONE) refusal = dumpRefusal(message) ?? refusal;
    else messages.push(message);
    offset += aligned(length);
  }
  return { messages, refusal, interrupted };
}

/** Parses an error message; an acknowledgement is an error with number 0. */
function parseRefusal(message: ReceivedMessage): Refusal | undefined {
  const errno = -message.body.readInt32LE(0);
  if (errno === 0) return undefined;
  if ((message.flags & NLM_F_ACK_TLVS) === 0) return { errno, words: undefined };
  // The refused request follows the number: its header alone, or all of it.
  const requestBytes = (message.flags & NLM_F_CAPPED) !== 0 ? HEADER_BYTES : aligned(message.body.readUInt32LE(4));
  const words = parseAttributes(message.body.subarray(4 + requestBytes)).get(NLMSGERR_ATTR_MSG);
  return { errno, words: words === undefined ? undefined : text(words) };
}

/** Parses the end of a dump, which may carry an error as well. */
function dumpRefusal(message: ReceivedMessage): Refusal | undefined {
  if (message.body.length < 4) return undefined;
  const errno = -message.body.readInt32LE(0);
  return errno <= 0 ? undefined : { errno, words: undefined };
}

export function parseAttributes(bytes: Buffer): Attributes {
  return new Map(attributeList(bytes).map(({ type, value }) => [type, value]));
}

/** Returns all attributes in their order. RangeError for malformed bytes. */
export function attributeList(bytes: Buffer): readonly { readonly type: number; readonly value: Buffer }[] {
  const attributes: { type: number; value: Buffer }[] = [];
  for (let offset = 0; offset + ATTRIBUTE_HEADER_BYTES <= bytes.length;) {
    const length = bytes.readUInt16LE(offset);
    if (length < ATTRIBUTE_HEADER_BYTES || offset + length > bytes.length) {
      throw new RangeError(`netlink attribute of ${length} bytes`);
    }
    const type = bytes.readUInt16LE(offset + 2) & TYPE_MASK;
    attributes.push({ type, value: bytes.subarray(offset + ATTRIBUTE_HEADER_BYTES, offset + length) });
    offset += aligned(length);
  }
  return attributes;
}

/** Returns an attribute's text without the NUL at its end. */
export function text(value: Buffer): string {
  const end = value.indexOf(0);
  return value.toString('utf8', 0, end === -1 ? value.length : end);
}
