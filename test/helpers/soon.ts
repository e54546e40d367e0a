/** Waits that must come to an end: a test that hangs says so, instead of the whole run by its time. */
import { setTimeout as delay } from 'node:timers/promises';

import { SLOW } from './pace.js';

/** Nothing of such a test waits for as long as a command of it would go on. */
export const SOON_MS = 30_000 * SLOW;

export async function soon<T>(work: Promise<T>): Promise<T> {
  const timer = new AbortController();
  const late = delay(SOON_MS, undefined, { signal: timer.signal }).then(
    () => Promise.reject(new Error('it does not end')),
    () => new Promise<never>(() => undefined),
  );
  try {
    return await Promise.race([work, late]);
  } finally {
    timer.abort();
  }
}
