/**
 * Random numbers, a fingerprint and the time, without node:crypto and node:perf_hooks, which take three milliseconds to load: too long for
 * every command that starts a container.
 */
import { binding } from './binding.js';
import { unwrap } from './native-error.js';

const UINT32 = 2 ** 32;

/** Up to 256 bytes of getrandom(2): nobody can guess them. */
export function randomBytes(count: number): Buffer {
  const bytes = Buffer.alloc(count);
  unwrap(binding().fillRandom(bytes));
  return bytes;
}

/** A whole number from `low` to below `high`, each as likely as the others; they are less than 2^32 apart. */
export function randomInt(low: number, high: number): number {
  const count = high - low;
  // The numbers above would make the first ones likelier.
  const whole = UINT32 - (UINT32 % count);
  for (;;) {
    const number = randomBytes(4).readUInt32LE();
    if (number < whole) return low + (number % count);
  }
}

/** 64 bits of all bytes (FNV-1a): for names, and to see that something was cut short. Whoever chooses the bytes can make two that have the same. */
export function fingerprint(bytes: Uint8Array): Buffer {
  const result = Buffer.alloc(8);
  result.writeBigUInt64BE(binding().fingerprint(bytes));
  return result;
}

/** Microseconds since 1970, by the machine's clock, which somebody may set. */
export function realTimeUs(): number {
  return binding().realTimeUs();
}

/** Milliseconds by a clock that only goes forward (hrtime): for what lies between two readings. */
export function monotonicMs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1000 + nanoseconds / 1e6;
}
