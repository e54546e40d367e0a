/** Addresses in the form of rtnetlink. Pure. */
import { requireKey, requireText } from '../arguments.js';
import { parseIp, parseIpPrefix } from '../../util/ip-address.js';
import type { IpPrefix } from '../../util/ip-address.js';

export const AF_INET = 2;
export const AF_INET6 = 10;

const FAMILIES = { ipv4: AF_INET, ipv6: AF_INET6 } as const;

export function requireFamily(family: keyof typeof FAMILIES): number {
  return FAMILIES[requireKey(FAMILIES, family, 'a family of addresses')];
}

export function familyOf(bytes: Uint8Array): number {
  return bytes.length === 4 ? AF_INET : AF_INET6;
}

/** Returns the broadcast address of a prefix: all bits after the prefix are set. */
export function broadcastOf({ bytes, length }: IpPrefix): Uint8Array {
  return bytes.map((byte, index) => byte | (0xff >> Math.min(8, Math.max(0, length - index * 8))));
}

export function requirePrefix(text: string): IpPrefix {
  const prefix = parseIpPrefix(requireText(text, 'an address'));
  if (prefix === undefined) throw new TypeError(`not an address: "${text}" (like 192.0.2.1/24)`);
  return prefix;
}

export function requireAddress(text: string): Uint8Array {
  const bytes = parseIp(requireText(text, 'an address'));
  if (bytes === undefined) throw new TypeError(`not an address: "${text}" (like 192.0.2.1)`);
  return bytes;
}
