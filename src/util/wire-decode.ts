/** Decodes the encoding that plans and messages share. Every length is checked against the bytes available. */
import type { FieldsOf, FieldType, FieldValues, RecordShape } from './wire.js';

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Reads encoded values one after another. Throws RangeError if the bytes end early or are malformed. */
export class WireReader {
  readonly #buffer: Buffer;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    this.#buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get offset(): number {
    return this.#offset;
  }

  get remaining(): number {
    return this.#buffer.length - this.#offset;
  }

  u32(): number {
    return this.#buffer.readUInt32LE(this.#take(4));
  }

  i32(): number {
    return this.#buffer.readInt32LE(this.#take(4));
  }

  u64(): bigint {
    return this.#buffer.readBigUInt64LE(this.#take(8));
  }

  i64(): bigint {
    return this.#buffer.readBigInt64LE(this.#take(8));
  }

  str(): string {
    const bytes = this.bytes();
    if (bytes.includes(0)) throw new RangeError(`NUL in a str before offset ${this.#offset}`);
    if (this.#buffer[this.#take(1)] !== 0) throw new RangeError(`no NUL after a str before offset ${this.#offset}`);
    try {
      return utf8.decode(bytes);
    } catch {
      throw new RangeError(`not UTF-8 before offset ${this.#offset}`);
    }
  }

  /** Returns a view of the bytes, not a copy. */
  bytes(): Uint8Array {
    const length = this.u32();
    const start = this.#take(length);
    return this.#buffer.subarray(start, start + length);
  }

  strs(): readonly string[] {
    return this.#list(() => this.str());
  }

  u32s(): readonly number[] {
    return this.#list(() => this.u32());
  }

  /** Reads all fields of a shape, in its order. */
  fields<S extends RecordShape>(shape: S): FieldsOf<S> {
    const values: Record<string, FieldValues[FieldType]> = {};
    for (const name in shape.fields) values[name] = this.#field(shape.fields[name] as FieldType);
    return values as FieldsOf<S>;
  }

  #field(type: FieldType): FieldValues[FieldType] {
    switch (type) {
      case 'u32':
        return this.u32();
      case 'i32':
        return this.i32();
      case 'u64':
        return this.u64();
      case 'i64':
        return this.i64();
      case 'str':
        return this.str();
      case 'bytes':
        return this.bytes();
      case 'strs':
        return this.strs();
      case 'u32s':
        return this.u32s();
    }
  }

  #list<T>(item: () => T): readonly T[] {
    const count = this.u32();
    // Each item takes at least four bytes, so an impossible count is refused before anything is allocated.
    if (count > this.remaining / 4) throw new RangeError(`list of ${count} with ${this.remaining} bytes left`);
    const items: T[] = [];
    for (let index = 0; index < count; index += 1) items.push(item());
    return items;
  }

  #take(length: number): number {
    if (length > this.remaining) {
      throw new RangeError(`${length} bytes wanted at offset ${this.#offset}, ${this.remaining} left`);
    }
    const start = this.#offset;
    this.#offset += length;
    return start;
  }
}

/** Decodes the fields of one record, which must take up all of the bytes. */
export function decodeFields<S extends RecordShape>(shape: S, bytes: Uint8Array): FieldsOf<S> {
  const reader = new WireReader(bytes);
  const values = reader.fields(shape);
  if (reader.remaining > 0) throw new RangeError(`${reader.remaining} bytes too many`);
  return values;
}
