/** Names, addresses and sizes of interfaces, checked and encoded. */
import { requireText } from '../arguments.js';
import { attribute, textAttribute, u32Attribute } from './message.js';

export const IFLA = {
  address: 1,
  name: 3,
  mtu: 4,
  link: 5,
  master: 10,
  linkInfo: 18,
  statistics: 23,
  namespaceFd: 28,
} as const;

/** Longest name of an interface: IFNAMSIZ, which counts the NUL, less 1. */
const MAX_NAME_BYTES = 15;
const MAX_MTU = 0x7fffffff;

/** Returns the attributes that any new interface may have. */
export function attributesOfNew(link: { name: string; mtu?: number; macAddress?: string }): Buffer[] {
  const parts = [textAttribute(IFLA.name, requireLinkName(link.name))];
  if (link.mtu !== undefined) parts.push(u32Attribute(IFLA.mtu, requireMtu(link.mtu)));
  if (link.macAddress !== undefined) parts.push(attribute(IFLA.address, macBytes(link.macAddress)));
  return parts;
}

/** Returns the name of an interface if it is valid by the kernel's rule (dev_valid_name); TypeError otherwise. */
export function requireLinkName(name: string): string {
  requireText(name, 'the name of a network interface');
  const valid = name !== '.' && name !== '..' && /^[^\s/:\0]+$/.test(name) && Buffer.byteLength(name) <= MAX_NAME_BYTES;
  if (!valid)
    throw new TypeError(
      `not the name of a network interface: "${name}" (1 to ${MAX_NAME_BYTES} bytes, no "/", ":" or space)`,
    );
  return name;
}

export function requireMtu(mtu: number): number {
  if (!Number.isInteger(mtu) || mtu < 1 || mtu > MAX_MTU) throw new TypeError(`not an MTU: ${mtu}`);
  return mtu;
}

/** Formats a hardware address, like `02:00:00:00:00:01`. */
export function formatMac(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(':');
}

export function macBytes(text: string): Uint8Array {
  if (!/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(text)) throw new TypeError(`not a MAC address: "${text}"`);
  return Uint8Array.from(text.split(':'), (part) => Number.parseInt(part, 16));
}
