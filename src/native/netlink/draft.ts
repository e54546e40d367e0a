/**
 * Netlink messages that still lack values which are known only when they are sent: indexes of links, numbers of
 * descriptors. Pure.
 */
import { aligned, ATTRIBUTE_HEADER_BYTES, HEADER_BYTES, MAX_ATTRIBUTE_BYTES, NESTED, NLM_F } from './message.js';

/** A message that is complete except for the numbers at the noted offsets. */
export interface NetlinkDraft {
  /** What the message does, for errors: `add address 10.88.0.2/16 to eth0`. */
  readonly words: string;
  readonly bytes: Buffer;
  /** Offsets at which the index of the link of this name is written (u32). */
  readonly links: readonly { readonly offset: number; readonly name: string }[];
  /** Offsets at which the number of the descriptor in this slot is written (u32). */
  readonly slots: readonly { readonly offset: number; readonly slot: number }[];
}

/** Writes one message: the fixed structure of its type first, then attributes. */
export class NetlinkWriter {
  #bytes = Buffer.alloc(512);
  #length = HEADER_BYTES;
  readonly #links: { offset: number; name: string }[] = [];
  readonly #slots: { offset: number; slot: number }[] = [];

  /** Begins a message; NLM_F_REQUEST is added to the flags. */
  constructor(type: number, flags: number) {
    this.#bytes.writeUInt16LE(type, 4);
    this.#bytes.writeUInt16LE(flags | NLM_F.request, 6);
  }

  /** Adds bytes as they are, padded: a fixed structure. */
  raw(bytes: Uint8Array): this {
    this.#reserve(bytes.length + 3);
    this.#bytes.set(bytes, this.#length);
    this.#length = aligned(this.#length + bytes.length);
    return this;
  }

  /** Notes that the index of a link belongs at an offset of the fixed structure, which has been written. */
  linkAt(offset: number, name: string): this {
    this.#links.push({ offset: HEADER_BYTES + offset, name });
    return this;
  }

  attribute(type: number, value: Uint8Array): this {
    const length = ATTRIBUTE_HEADER_BYTES + value.length;
    this.#header(type, length);
    this.#bytes.set(value, this.#length);
    this.#length = aligned(this.#length + value.length);
    return this;
  }

  u8(type: number, value: number): this {
    return this.attribute(type, Uint8Array.of(value));
  }

  u16(type: number, value: number): this {
    return this.attribute(type, Uint8Array.of(value & 0xff, value >> 8));
  }

  u32(type: number, value: number): this {
    this.#header(type, ATTRIBUTE_HEADER_BYTES + 4);
    this.#bytes.writeUInt32LE(value >>> 0, this.#length);
    this.#length += 4;
    return this;
  }

  /** Adds a number in network byte order, which nf_tables uses. */
  u32be(type: number, value: number): this {
    this.#header(type, ATTRIBUTE_HEADER_BYTES + 4);
    this.#bytes.writeUInt32BE(value >>> 0, this.#length);
    this.#length += 4;
    return this;
  }

  /** Adds text with the NUL that the kernel expects after it. */
  text(type: number, value: string): this {
    return this.attribute(type, Buffer.from(`${value}\0`));
  }

  link(type: number, name: string): this {
    this.u32(type, 0);
    this.#links.push({ offset: this.#length - 4, name });
    return this;
  }

  slot(type: number, slot: number): this {
    this.u32(type, 0);
    this.#slots.push({ offset: this.#length - 4, slot });
    return this;
  }

  /** Adds an attribute that contains the attributes which `write` adds. */
  nested(type: number, write: (writer: this) => void): this {
    const start = this.#length;
    this.#header(type | NESTED, ATTRIBUTE_HEADER_BYTES);
    write(this);
    const length = this.#length - start;
    if (length > MAX_ATTRIBUTE_BYTES) throw new RangeError(`netlink attribute of ${length} bytes`);
    this.#bytes.writeUInt16LE(length, start);
    return this;
  }

  finish(words: string): NetlinkDraft {
    this.#bytes.writeUInt32LE(this.#length, 0);
    return { words, bytes: this.#bytes.subarray(0, this.#length), links: this.#links, slots: this.#slots };
  }

  #header(type: number, length: number): void {
    if (length > MAX_ATTRIBUTE_BYTES) throw new RangeError(`netlink attribute of ${length} bytes`);
    this.#reserve(aligned(length));
    this.#bytes.writeUInt16LE(length, this.#length);
    this.#bytes.writeUInt16LE(type, this.#length + 2);
    this.#length += ATTRIBUTE_HEADER_BYTES;
  }

  #reserve(more: number): void {
    const wanted = this.#length + more;
    if (wanted <= this.#bytes.length) return;
    const grown = Buffer.alloc(Math.max(wanted, this.#bytes.length * 2));
    grown.set(this.#bytes);
    this.#bytes = grown;
  }
}

/** Several messages as one, numbered from 0 in their order. Offsets are relative to the whole. */
export interface JoinedDrafts {
  readonly words: readonly string[];
  readonly bytes: Buffer;
  readonly links: NetlinkDraft['links'];
  readonly slots: NetlinkDraft['slots'];
}

const SEQUENCE_OFFSET = 8;

export function joinDrafts(drafts: readonly NetlinkDraft[]): JoinedDrafts {
  const links: { offset: number; name: string }[] = [];
  const slots: { offset: number; slot: number }[] = [];
  const bytes = Buffer.concat(drafts.map((draft) => draft.bytes));
  let start = 0;
  for (const [number, draft] of drafts.entries()) {
    bytes.writeUInt32LE(number, start + SEQUENCE_OFFSET);
    for (const { offset, name } of draft.links) links.push({ offset: start + offset, name });
    for (const { offset, slot } of draft.slots) slots.push({ offset: start + offset, slot });
    start += draft.bytes.length;
  }
  return { words: drafts.map(({ words }) => words), bytes, links, slots };
}
