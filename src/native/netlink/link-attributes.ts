/** Names, addresses and sizes of interfaces, checked and encoded. */
import { attribute, textAttribute, u32Attribute } from './message.js';

const IFLA_ADDRESS = 1;
const IFLA_IFNAME = 3;
const IFLA_MTU = 4;

/** IFNAMSIZ counts the NUL. */
const MAX_NAME_BYTES = 15;
const MAX_MTU = 0x7fffffff;

/** The attributes that any new interface may have. */
export function attributesOfNew(link: { name: string; mtu?: number; macAddress?: string }): Buffer[] {
  const parts = [textAttribute(IFLA_IFNAME, requireLinkName(link.name))];
  if (link.mtu !== undefined) parts.push(u32Attribute(IFLA_MTU, requireMtu(link.mtu)));
  if (link.macAddress !== undefined) parts.push(attribute(IFLA_ADDRESS, macBytes(link.macAddress)));
  return parts;
}

/** The kernel's rule (dev_valid_name), before it is asked. */
export function requireLinkName(name: string): string {
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

export function macBytes(text: string): Uint8Array {
  if (!/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(text)) throw new TypeError(`not a MAC address: "${text}"`);
  return Uint8Array.from(text.split(':'), (part) => Number.parseInt(part, 16));
}
