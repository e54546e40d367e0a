/** Retries transient failures after a pause that doubles each time, or as long as the registry asks for. */

import { isTspodError, type TspodError } from '../../errors.js';
import { sleep } from '../../native/abort.js';

export interface RetryPolicy {
  /** Number of retries. @default 3 */
  readonly retries?: number;
  /** Pause before the first retry in ms; each further pause is twice as long. @default 1000 */
  readonly delayMs?: number;
  /** Called before each pause. */
  readonly onRetry?: (retry: {
    readonly error: TspodError;
    readonly attempt: number;
    readonly delayMs: number;
  }) => void;
}

const DEFAULTS = { retries: 3, delayMs: 1000 } as const;
const MAX_DELAY_MS = 60_000;
/** If a registry asks for a longer pause, the call fails at once, so that the user learns of it. */
const MAX_RETRY_AFTER_MS = 120_000;

/**
 * Returns the result of `work`. Throws its last error after too many attempts, or the first one that is not transient.
 */
export async function withRetries<T>(
  { retries = DEFAULTS.retries, delayMs = DEFAULTS.delayMs, onRetry }: RetryPolicy,
  signal: AbortSignal | undefined,
  work: (attempt: number) => Promise<T>,
): Promise<T> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await work(attempt);
    } catch (error) {
      if (attempt >= retries || !isTransient(error)) throw error;
      const pause = pauseAfter(error, delayMs * 2 ** attempt);
      if (pause === undefined) throw error;
      onRetry?.({ error, attempt: attempt + 1, delayMs: pause });
      await sleep(pause, 'wait for the registry', signal);
    }
  }
}

/** Whether another attempt may succeed. */
export function isTransient(error: unknown): error is TspodError {
  return isTspodError(error) && error.details['transient'] === true;
}

function pauseAfter({ details }: TspodError, backoffMs: number): number | undefined {
  const asked = details['retryAfterMs'];
  if (typeof asked !== 'number') return Math.min(backoffMs, MAX_DELAY_MS);
  return asked > MAX_RETRY_AFTER_MS ? undefined : Math.max(asked, Math.min(backoffMs, MAX_DELAY_MS));
}
