/** Reads values from /proc and /sys for the checks. */
import { readFileSync } from 'node:fs';

/** Returns the text of a small file, trimmed; undefined if it cannot be read. */
export function readSmall(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return undefined;
  }
}

/** Returns the number that a file contains; undefined if it contains none. */
export function readNumber(path: string): number | undefined {
  const text = readSmall(path);
  return text === undefined || !/^-?\d+$/.test(text) ? undefined : Number(text);
}

/** Returns the effective capabilities of this process, as a mask. */
export function effectiveCapabilities(): bigint {
  const mask = /^CapEff:\s*([0-9a-f]+)$/m.exec(readSmall('/proc/self/status') ?? '')?.[1];
  return BigInt(`0x${mask ?? '0'}`);
}
