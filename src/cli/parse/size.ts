/** Parses sizes such as 10m, as in the flags of Docker and Podman. */
import { invalid } from '../errors/cli-error.js';

const FACTORS: Readonly<Record<string, number>> = {
  '': 1,
  k: 1024,
  m: 1024 ** 2,
  g: 1024 ** 3,
  t: 1024 ** 4,
  p: 1024 ** 5,
};

/**
 * Returns a size in bytes. Units are powers of 1024: b, k, m, g, t, p, also written kb or kib, in any case. Throws
 * CliError.
 */
export function parseSize(text: string): number {
  const match = /^(\d+(?:\.\d+)?) ?([kmgtp]?)(?:i?b)?$/i.exec(text);
  const bytes =
    match === null ? Number.NaN : Math.trunc(Number(match[1]) * (FACTORS[(match[2] ?? '').toLowerCase()] ?? 1));
  if (!Number.isSafeInteger(bytes)) throw invalid(`invalid size: '${text}'`);
  return bytes;
}

/** Parses a size as parseSize() does; errors name the value. */
export function parseNamedSize(name: string, text: string): number {
  try {
    return parseSize(text);
  } catch {
    throw invalid(`invalid value for ${name}: invalid size: '${text}'`);
  }
}

/** Parses a size, or -1 for no limit. */
export function parseSizeOrUnlimited(name: string, text: string): number {
  return text === '-1' ? -1 : parseNamedSize(name, text);
}
