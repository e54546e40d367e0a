/** Reads records in the encoding of wire.ts; throws a RangeError on anything that is not exactly one. */
import type { FieldsOf, FieldType, RecordShape } from './wire.js';

/** The fields of one record, which must fill `payload` exactly. `bytes` fields are views into it. */
export function decodeFields<S extends RecordShape>(shape: S, payload: Uint8Array): FieldsOf<S> {
  const reader = new WireReader(payload);
  const values: Record<string, unknown> = {};
  for (const name in shape.fields) values[name] = reader.field(shape.fields[name]!);
  if (!reader.atEnd) throw new RangeError('bytes after the last field');
  return values as FieldsOf<S>;
}

class WireReader {
  readonly #bytes: Buffer;
  #offset = 0;

  constructor(payload: Uint8Array) {
    this.#bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  }

  get atEnd(): boolean {
    return this.#offset === this.#bytes.length;
  }

  field(type: FieldType): unknown {
    switch (type) {
      case 'u32':
        return this.#bytes.readUInt32LE(this.#take(4));
      case 'i32':
        return this.#bytes.readInt32LE(this.#take(4));
      case 'u64':
        return this.#bytes.readBigUInt64LE(this.#take(8));
      case 'i64':
        return this.#bytes.readBigInt64LE(this.#take(8));
      case 'str':
        return this.#str();
      case 'bytes':
        return this.#view(this.#bytes.readUInt32LE(this.#take(4)));
      case 'strs':
        return this.#list(5, () => this.#str());
      case 'u32s':
        return this.#list(4, () => this.#bytes.readUInt32LE(this.#take(4)));
    }
  }

  #str(): string {
    const view = this.#view(this.#bytes.readUInt32LE(this.#take(4)));
    if (view.includes(0) || this.#bytes[this.#take(1)] !== 0) throw new RangeError('a string with a wrong end');
    return view.toString('utf8');
  }

  #list<T>(leastItemBytes: number, item: () => T): T[] {
    const count = this.#bytes.readUInt32LE(this.#take(4));
    if (count * leastItemBytes > this.#bytes.length - this.#offset) throw new RangeError('a list longer than its record');
    return Array.from({ length: count }, item);
  }

  #view(byteLength: number): Buffer {
    const at = this.#take(byteLength);
    return this.#bytes.subarray(at, at + byteLength);
  }

  #take(count: number): number {
    const at = this.#offset;
    if (count > this.#bytes.length - at) throw new RangeError('a record that is cut short');
    this.#offset += count;
    return at;
  }
}
