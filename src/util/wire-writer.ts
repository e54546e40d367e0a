/** Writes records in the encoding of wire.ts. */
import type { FieldType, RecordShape } from './wire.js';

const FIRST_CAPACITY = 4096;

/** A growing buffer; every value is checked against the range of its field. */
export class WireWriter {
  #bytes = Buffer.allocUnsafe(FIRST_CAPACITY);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** What was written so far; a view that the next write may invalidate. */
  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  u32(value: number): void {
    const at = this.#reserve(4);
    this.#bytes.writeUInt32LE(value, at);
  }

  /** Overwrites a u32 written before: for lengths known afterwards. */
  u32At(offset: number, value: number): void {
    this.#bytes.writeUInt32LE(value, offset);
  }

  i32(value: number): void {
    const at = this.#reserve(4);
    this.#bytes.writeInt32LE(value, at);
  }

  u64(value: bigint): void {
    const at = this.#reserve(8);
    this.#bytes.writeBigUInt64LE(value, at);
  }

  i64(value: bigint): void {
    const at = this.#reserve(8);
    this.#bytes.writeBigInt64LE(value, at);
  }

  str(value: string): void {
    if (value.includes('\0')) throw new RangeError(`a NUL character in ${JSON.stringify(value)}`);
    const byteLength = Buffer.byteLength(value);
    this.u32(byteLength);
    const at = this.#reserve(byteLength + 1);
    this.#bytes.write(value, at, 'utf8');
    this.#bytes[at + byteLength] = 0;
  }

  bytes(value: Uint8Array): void {
    this.u32(value.length);
    const at = this.#reserve(value.length);
    this.#bytes.set(value, at);
  }

  /** All fields of a record, in the order of its shape. */
  fields(shape: RecordShape, values: Readonly<Record<string, unknown>>): void {
    for (const name in shape.fields) this.#field(shape.fields[name]!, name, values[name]);
  }

  #field(type: FieldType, name: string, value: unknown): void {
    if (value === undefined) throw new TypeError(`the field ${name} is missing`);
    switch (type) {
      case 'u32':
        return this.u32(value as number);
      case 'i32':
        return this.i32(value as number);
      case 'u64':
        return this.u64(value as bigint);
      case 'i64':
        return this.i64(value as bigint);
      case 'str':
        return this.str(value as string);
      case 'bytes':
        return this.bytes(value as Uint8Array);
      case 'strs':
        this.u32((value as readonly string[]).length);
        for (const item of value as readonly string[]) this.str(item);
        return;
      case 'u32s':
        this.u32((value as readonly number[]).length);
        for (const item of value as readonly number[]) this.u32(item);
        return;
    }
  }

  /** Makes room for `count` more bytes and returns where they start. */
  #reserve(count: number): number {
    const at = this.#length;
    this.#length += count;
    if (this.#length > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(this.#length, this.#bytes.length * 2));
      larger.set(this.#bytes.subarray(0, at));
      this.#bytes = larger;
    }
    return at;
  }
}

/** The payload of one record: its fields, without code and length. */
export function encodeFields(shape: RecordShape, values: Readonly<Record<string, unknown>>): Uint8Array {
  const writer = new WireWriter();
  writer.fields(shape, values);
  return writer.finish();
}
