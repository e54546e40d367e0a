/**
 * Opening files that another process has a lease on (F_SETLEASE of fcntl(2)): the kernel tells that process, and gives
 * it time to finish.
 */
import { readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';

import { abortedError } from '../native/abort.js';
import { isNativeError } from '../native/native-error.js';

/** Interval of tries: only a blocking open(2) is told of the end of a lease, and it would block everything else. */
const POLL_MS = 50;
/** How long to try after the time in which the kernel breaks a lease. */
const GRACE_MS = 1000;
/** The kernel's default for lease-break-time. */
const BREAK_SECONDS = 45;

/**
 * Repeats a call that opens a file without blocking. The first try begins to break a lease; after lease-break-time the
 * kernel takes it away.
 */
export async function openPastLease<T>(open: () => T, signal: AbortSignal | undefined): Promise<T> {
  let deadline: number | undefined;
  for (;;) {
    try {
      return open();
    } catch (error) {
      if (!isNativeError(error, 'EAGAIN')) throw error;
      if (signal?.aborted === true) throw abortedError('open a file', signal);
      deadline ??= performance.now() + leaseBreakMs() + GRACE_MS;
      if (performance.now() > deadline) throw error;
    }
    await setTimeout(POLL_MS);
  }
}

function leaseBreakMs(): number {
  try {
    return Number(readFileSync('/proc/sys/fs/lease-break-time', 'utf8')) * 1000;
  } catch {
    return BREAK_SECONDS * 1000;
  }
}
