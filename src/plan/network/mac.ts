/** Hardware addresses that follow from a name. Pure. */

const FNV_OFFSET = 0xcbf29ce484222325n;
const FNV_PRIME = 0x100000001b3n;
const SIXTY_FOUR_BITS = 0xffffffffffffffffn;

/** A bridge has one of its own: without, it has the lowest of its ports, which changes when containers come and go. */
export function bridgeMac(name: string): string {
  let hash = FNV_OFFSET;
  for (const byte of Buffer.from(name)) hash = ((hash ^ BigInt(byte)) * FNV_PRIME) & SIXTY_FOUR_BITS;
  const bytes = Array.from({ length: 5 }, (_, index) => Number((hash >> BigInt(index * 8)) & 0xffn));
  return ['02', ...bytes.map((byte) => byte.toString(16).padStart(2, '0'))].join(':');
}
