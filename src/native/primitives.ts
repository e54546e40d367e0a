/**
 * Random numbers, a fingerprint and the time, without node:crypto and node:perf_hooks, which take three milliseconds to
 * load: too long for every command that starts a container.
 */
import { binding } from './binding.js';
import { unwrap } from './native-error.js';

const UINT32 = 2 ** 32;

/** Returns up to 256 bytes of getrandom(2), which nobody can guess. */
export function randomBytes(count: number): Buffer {
  const bytes = Buffer.alloc(count);
  unwrap(binding().fillRandom(bytes));
  return bytes;
}

/** Returns a random whole number from `low` to below `high`, all equally likely. The two are less than 2^32 apart. */
export function randomInt(low: number, high: number): number {
  const count = high - low;
  // The remaining numbers above this would make the lower results more likely.
  const whole = UINT32 - (UINT32 % count);
  for (;;) {
    const number = randomBytes(4).readUInt32LE();
    if (number < whole) return low + (number % count);
  }
}

/**
 * Returns a hash of 64 bits (FNV-1a), for names, and to detect truncation. It is not secure: someone who chooses the
 * bytes can make two inputs with the same hash.
 */
export function fingerprint(bytes: Uint8Array): Buffer {
  const result = Buffer.alloc(8);
  result.writeBigUInt64BE(binding().fingerprint(bytes));
  return result;
}

/** Returns microseconds since 1970, by the machine's clock, which may be set. */
export function realTimeUs(): number {
  return binding().realTimeUs();
}

/** Returns milliseconds of a monotonic clock (hrtime), for the time between two readings. */
export function monotonicMs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1000 + nanoseconds / 1e6;
}
