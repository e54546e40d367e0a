/** Networks of IP addresses: what they contain, and whether they overlap. Addresses are bytes, as from parseIp(). */
import { formatIp, parseIp, parseIpPrefix, type IpPrefix } from './ip-address.js';

/** Converts an address to a number. */
export function ipNumber(bytes: Uint8Array): bigint {
  let number = 0n;
  for (const byte of bytes) number = (number << 8n) | BigInt(byte);
  return number;
}

/** Converts a number to an address of `length` bytes. */
export function ipBytes(number: bigint, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let rest = number;
  for (let index = length - 1; index >= 0; index -= 1) {
    bytes[index] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  return bytes;
}

/** Formats a number as an address of `length` bytes. */
export function ipText(number: bigint, length: number): string {
  return formatIp(ipBytes(number, length));
}

/** A network by its first and last address. */
export interface IpRange {
  readonly first: bigint;
  readonly last: bigint;
  /** Bytes of an address: 4 or 16. */
  readonly size: number;
}

/** Returns the range of a prefix: from the address with all remaining bits clear to the one with all of them set. */
export function rangeOf({ bytes, length }: IpPrefix): IpRange {
  const rest = BigInt(bytes.length * 8 - length);
  const first = (ipNumber(bytes) >> rest) << rest;
  return { first, last: first + (1n << rest) - 1n, size: bytes.length };
}

/** Whether the ranges have an address in common. */
export function overlaps(one: IpRange, other: IpRange): boolean {
  return one.size === other.size && one.first <= other.last && other.first <= one.last;
}

/** Whether the range contains an address. */
export function holds(range: IpRange, bytes: Uint8Array): boolean {
  const number = ipNumber(bytes);
  return bytes.length === range.size && number >= range.first && number <= range.last;
}

/** Returns `10.1.0.0/16` for `10.1.2.3/16`; undefined for a text that is not a prefix. */
export function networkText(text: string): string | undefined {
  const prefix = text.includes('/') ? parseIpPrefix(text) : undefined;
  if (prefix === undefined) return undefined;
  return `${ipText(rangeOf(prefix).first, prefix.bytes.length)}/${prefix.length}`;
}

/** Returns an address in its canonical form; undefined for a text that is not an address. */
export function addressText(text: string): string | undefined {
  const bytes = parseIp(text);
  return bytes === undefined ? undefined : formatIp(bytes);
}
