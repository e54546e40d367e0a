/** The encoding that plans and messages share: little endian, length-prefixed, no padding. */

/**
 * `str` is a u32 length, the UTF-8 bytes (no NUL among them) and one NUL that the length does not count, so that
 * native code can pass it to the kernel without a copy; `bytes` is a u32 length and the bytes; lists are a u32 count
 * and the items.
 */
export type FieldType = 'u32' | 'i32' | 'u64' | 'i64' | 'str' | 'bytes' | 'strs' | 'u32s';

/** The JavaScript type of each field type. */
export interface FieldValues {
  readonly u32: number;
  readonly i32: number;
  readonly u64: bigint;
  readonly i64: bigint;
  readonly str: string;
  readonly bytes: Uint8Array;
  readonly strs: readonly string[];
  readonly u32s: readonly number[];
}

/** A record's code, and its fields in the order of the encoding. */
export interface RecordShape {
  readonly code: number;
  readonly fields: Readonly<Record<string, FieldType>>;
}

/** The values of a shape's fields. */
export type FieldsOf<S extends RecordShape> = {
  readonly [F in keyof S['fields']]: FieldValues[S['fields'][F]];
};
