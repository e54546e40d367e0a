/** Waiting for what comes in its own time. */
import { setTimeout as delay } from 'node:timers/promises';

import { SLOW } from './pace.js';

/** Looks until there is an answer other than false and undefined; `what` is named in the failure. */
export async function until<T>(
  what: string,
  look: () => T | Promise<T>,
  timeoutMs = 60_000 * SLOW,
): Promise<Exclude<T, false | undefined>> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const answer = await look();
    if (answer !== undefined && answer !== false) return answer as Exclude<T, false | undefined>;
    if (Date.now() > deadline) throw new Error(`${what}: not within ${timeoutMs} ms`);
    await delay(20);
  }
}
