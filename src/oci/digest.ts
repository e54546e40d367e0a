/** Digests as the OCI image specification writes them: `sha256:` and hexadecimal digits. */
import { createHash, type Hash } from 'node:crypto';

import { readString, wrong, type Place } from './check.js';

/** Algorithms that tspod computes, and the number of digits of each. */
const DIGITS = { sha256: 64, sha512: 128 } as const;

export type DigestAlgorithm = keyof typeof DIGITS;

/**
 * Whether the text is a digest that tspod can verify. Such a digest is safe as a file name and in a URL: two words of
 * letters and digits. Other algorithms are refused, md5 as well as texts that are no algorithm at all.
 */
export function isDigest(text: string): boolean {
  const [algorithm = '', digits = '', ...rest] = text.split(':');
  if (rest.length > 0 || !Object.hasOwn(DIGITS, algorithm)) return false;
  return digits.length === DIGITS[algorithm as DigestAlgorithm] && /^[0-9a-f]+$/.test(digits);
}

/** Returns the parts of a digest. Throws INVALID_ARGUMENT for one that `isDigest` refuses. */
export function splitDigest(digest: string): { readonly algorithm: DigestAlgorithm; readonly hex: string } {
  readDigest(digest, 'the digest');
  const [algorithm = '', hex = ''] = digest.split(':');
  return { algorithm: algorithm as DigestAlgorithm, hex };
}

export function readDigest(value: unknown, at: Place): string {
  const text = readString(value, at, 256);
  if (!isDigest(text)) throw wrong(at, `is not a sha256 or sha512 digest: ${JSON.stringify(text)}`);
  return text;
}

/** Returns the digest of bytes in memory. */
export function digestOf(bytes: Uint8Array, algorithm: DigestAlgorithm = 'sha256'): string {
  return `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`;
}

/** Returns a hash object for the digest's algorithm, for bytes that come in parts. */
export function hashFor(digest: string): Hash {
  return createHash(splitDigest(digest).algorithm);
}
