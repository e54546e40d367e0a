/** Trying again what failed for a while: with a pause that doubles, or as long as the registry asks. */
import { setTimeout } from 'node:timers/promises';

import { isTspodError, type TspodError } from '../../errors.js';
import { abortedError } from '../../native/abort.js';

export interface RetryPolicy {
  /** How often it is tried again. @default 3 */
  readonly retries?: number;
  /** Milliseconds before the first time; the next pause is twice as long. @default 1000 */
  readonly delayMs?: number;
  /** Told before each pause. */
  readonly onRetry?: (retry: {
    readonly error: TspodError;
    readonly attempt: number;
    readonly delayMs: number;
  }) => void;
}

const DEFAULTS = { retries: 3, delayMs: 1000 } as const;
const MAX_DELAY_MS = 60_000;
/** A registry that wants more patience than this gets an end: the user should know. */
const MAX_RETRY_AFTER_MS = 120_000;

/** The work's result; its last error once it has failed too often, or at once if that will not go away. */
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
      await sleep(pause, signal);
    }
  }
}

/** Whether the same may succeed later. */
export function isTransient(error: unknown): error is TspodError {
  return isTspodError(error) && error.details['transient'] === true;
}

function pauseAfter({ details }: TspodError, backoffMs: number): number | undefined {
  const asked = details['retryAfterMs'];
  if (typeof asked !== 'number') return Math.min(backoffMs, MAX_DELAY_MS);
  return asked > MAX_RETRY_AFTER_MS ? undefined : Math.max(asked, Math.min(backoffMs, MAX_DELAY_MS));
}

async function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await setTimeout(ms, undefined, signal === undefined ? {} : { signal });
  } catch {
    throw abortedError('wait for the registry', signal as AbortSignal);
  }
}
