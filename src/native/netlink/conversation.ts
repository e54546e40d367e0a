/** Requests over netlink, in a network namespace. */
import { binding } from '../binding.js';
import { insideArguments, whileHeld } from '../inside.js';
import type { ThreadNamespaces } from '../inside.js';
import { NativeError, unwrap } from '../native-error.js';
import { parseAnswer } from './message.js';
import type { ReceivedMessage } from './message.js';

/** Description of a request, for errors: the words of `syscall` and `path`. */
export interface Attempt {
  readonly what: string;
  readonly on: string;
  /** Netlink protocol, NETLINK_*. @default NETLINK_ROUTE */
  readonly protocol?: number;
}

const NETLINK_ROUTE = 0;

const EINTR = 4;

/** How often a table is read that changes during each reading, before the request fails. */
const MAX_READS = 16;

/**
 * Sends a request and returns the messages of the reply. NativeError with the kernel's errno and words if it refuses.
 */
export async function converse(
  inside: ThreadNamespaces | undefined,
  attempt: Attempt,
  request: Uint8Array,
): Promise<readonly ReceivedMessage[]> {
  return whileHeld(inside, async (held) => {
    const where = insideArguments(held);
    for (let reads = 0; reads < MAX_READS; reads += 1) {
      const answer = parseAnswer(unwrap(await binding().netlink(...where, request, attempt.protocol ?? NETLINK_ROUTE)));
      if (answer.refusal !== undefined) throw refused(attempt, answer.refusal.errno, answer.refusal.words);
      if (!answer.interrupted) return answer.messages;
    }
    throw refused(attempt, EINTR, 'it changed each time it was read');
  });
}

function refused(attempt: Attempt, errno: number, words: string | undefined): NativeError {
  return new NativeError({
    errno,
    syscall: attempt.what,
    path: attempt.on,
    ...(words === undefined ? {} : { detail: words }),
  });
}
