/** What follows the end of a container: its record, and its removal where that was asked for. */
import { isTspodError } from '../errors.js';
import type { ExitStatus } from './api.js';
import type { EngineContext } from './context.js';
import { destroy } from './destroy.js';
import { statusFromRecord } from './exit-status.js';
import { withContainer } from './held.js';

/**
 * Records the end of a container whose monitor has hung up, and removes it if it was to be. Answers how it ended: `told` if a message
 * said so, else what the record knows, and undefined if somebody else has removed it.
 */
export async function removeEnded(
  context: EngineContext,
  { id }: { readonly id: string },
  told: ExitStatus | undefined,
): Promise<ExitStatus | undefined> {
  try {
    return await withContainer(context, id, async (held) => {
      if (held.status !== 'exited') return told;
      const exit = told ?? statusFromRecord(held.state);
      if (held.state.autoRemove) {
        await destroy(held);
        held.forgetLock();
      }
      return exit;
    });
  } catch (error) {
    if (isTspodError(error, 'NO_SUCH_CONTAINER')) return told;
    throw error;
  }
}
