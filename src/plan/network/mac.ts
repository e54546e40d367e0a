/** Hardware addresses that are derived from a name. Pure. */
import { formatMac } from '../../native/netlink/link-attributes.js';

const FNV_OFFSET = 0xcbf29ce484222325n;
const FNV_PRIME = 0x100000001b3n;
const SIXTY_FOUR_BITS = 0xffffffffffffffffn;

/**
 * Returns the hardware address of a bridge, derived from its name. Without one of its own a bridge has the lowest
 * address of its ports, which changes as containers come and go.
 */
export function bridgeMac(name: string): string {
  let hash = FNV_OFFSET;
  for (const byte of Buffer.from(name)) hash = ((hash ^ BigInt(byte)) * FNV_PRIME) & SIXTY_FOUR_BITS;
  return formatMac(
    Uint8Array.from({ length: 6 }, (_, index) =>
      index === 0 ? 0x02 : Number((hash >> BigInt((index - 1) * 8)) & 0xffn),
    ),
  );
}
