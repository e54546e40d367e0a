/** Encodes the encoding that plans and messages share. */
import type { FieldsOf, FieldType, FieldValues, RecordShape } from './wire.js';

const INITIAL_BYTES = 4096;

/** Throws for a value that the field's type cannot hold: an error of the calling code, never of the user. */
function refuse(type: FieldType, value: unknown): never {
  const shown = typeof value === 'bigint' ? `${value}n` : JSON.stringify(value);
  throw new RangeError(`not a ${type}: ${shown}`);
}

/** A buffer that grows at its end. Each writer produces one buffer: `finish` ends it. */
export class WireWriter {
  #buffer: Buffer;
  #length = 0;

  constructor(initialBytes = INITIAL_BYTES) {
    this.#buffer = Buffer.allocUnsafe(initialBytes);
  }

  get length(): number {
    return this.#length;
  }

  u32(value: number): void {
    if (value >>> 0 !== value) refuse('u32', value);
    this.#reserve(4);
    this.#length = this.#buffer.writeUInt32LE(value, this.#length);
  }

  i32(value: number): void {
    if ((value | 0) !== value) refuse('i32', value);
    this.#reserve(4);
    this.#length = this.#buffer.writeInt32LE(value, this.#length);
  }

  u64(value: bigint): void {
    if (BigInt.asUintN(64, value) !== value) refuse('u64', value);
    this.#reserve(8);
    this.#length = this.#buffer.writeBigUInt64LE(value, this.#length);
  }

  i64(value: bigint): void {
    if (BigInt.asIntN(64, value) !== value) refuse('i64', value);
    this.#reserve(8);
    this.#length = this.#buffer.writeBigInt64LE(value, this.#length);
  }

  /**
   * Writes UTF-8, and a NUL that is not counted. Other NULs are refused, because the kernel would end the string there.
   */
  str(value: string): void {
    if (value.includes('\0')) refuse('str', value);
    // UTF-8 takes at most three bytes per UTF-16 unit: reserving that avoids measuring first.
    this.#reserve(5 + value.length * 3);
    const written = this.#buffer.write(value, this.#length + 4, 'utf8');
    this.#length = this.#buffer.writeUInt32LE(written, this.#length) + written;
    this.#buffer[this.#length++] = 0;
  }

  bytes(value: Uint8Array): void {
    this.#reserve(4 + value.byteLength);
    this.#length = this.#buffer.writeUInt32LE(value.byteLength, this.#length);
    this.#buffer.set(value, this.#length);
    this.#length += value.byteLength;
  }

  strs(values: readonly string[]): void {
    this.u32(values.length);
    for (const value of values) this.str(value);
  }

  u32s(values: readonly number[]): void {
    this.u32(values.length);
    for (const value of values) this.u32(value);
  }

  /** Writes all fields of a shape, in its order. A missing field is an error; additional ones are ignored. */
  fields<S extends RecordShape>(shape: S, values: FieldsOf<S>): void {
    const given = values as Readonly<Record<string, FieldValues[FieldType] | undefined>>;
    for (const name in shape.fields) {
      const type = shape.fields[name] as FieldType;
      const value = given[name];
      if (value === undefined) throw new RangeError(`missing field "${name}" (${type})`);
      this.#field(type, value);
    }
  }

  /** Overwrites a u32 that was written before, such as a length that is only known now. */
  patchU32(offset: number, value: number): void {
    if (value >>> 0 !== value) refuse('u32', value);
    if (offset < 0 || offset + 4 > this.#length) throw new RangeError(`no u32 at ${offset}`);
    this.#buffer.writeUInt32LE(value, offset);
  }

  /** Returns the bytes written; the writer must not be used afterwards. */
  finish(): Uint8Array {
    return this.#buffer.subarray(0, this.#length);
  }

  #field(type: FieldType, value: FieldValues[FieldType]): void {
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
        return this.strs(value as readonly string[]);
      case 'u32s':
        return this.u32s(value as readonly number[]);
    }
  }

  #reserve(more: number): void {
    const needed = this.#length + more;
    if (needed <= this.#buffer.length) return;
    const grown = Buffer.allocUnsafe(Math.max(needed, this.#buffer.length * 2));
    this.#buffer.copy(grown, 0, 0, this.#length);
    this.#buffer = grown;
  }
}
