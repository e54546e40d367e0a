/** How slow the machine is, and what takes its time on any. */
import type { ExecutionContext } from 'ava';

/** One that is emulated takes its time (`npm run test:vm` sets it). */
export const SLOW = process.env['TSPOD_TEST_SLOW'] === '1' ? 10 : 1;

const LONG_MS = SLOW === 1 ? 600_000 : 6 * 3_600_000;

/**
 * For a test during which others may not end for longer than ava waits. As long as it may take, a test that does not end is not noticed: sweeps that
 * are run as a whole, for hours, have their own limit (`npm run test:faults`).
 */
export function takesLong(t: ExecutionContext<unknown>): void {
  if (process.env['TSPOD_TEST_HOURS'] !== '1') t.timeout(LONG_MS);
}
