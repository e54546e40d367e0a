/** What follows the end of a container: its record, and its removal where that was asked for. */
import { isTspodError } from '../../errors.js';
import type { ExitStatus } from '../api/container.js';
import type { EngineContext } from '../context.js';
import { destroyUnneeded, isNeeded, sweep } from './destroy.js';
import { statusFromRecord } from '../exit-status.js';
import { recordEnd } from '../events.js';
import { recordLastExecEnds } from '../exec/events.js';
import { recordHealthChange } from '../health/events.js';
import { failpoint } from '../failpoint.js';
import { withContainer, type HeldContainer } from '../held.js';
import { endedState } from '../observe.js';
import { recordRestarts } from './restarts.js';
import { settle } from './settle.js';

/**
 * Records the end of a container whose monitor has hung up, and removes the container if it has `autoRemove`. Returns
 * how it ended: `told` if a message said so, else what the record knows, and undefined if somebody else has removed the
 * container. If the engine has been closed meanwhile, returns `told`, and the rest is left to whoever looks next;
 * throws ENGINE_CLOSED if nothing was told.
 */
export async function removeEnded(
  context: EngineContext,
  { id }: { readonly id: string },
  told: ExitStatus | undefined,
): Promise<ExitStatus | undefined> {
  failpoint('ended');
  try {
    return await withContainer(context, id, (held) => finish(held, told), {
      settle: told === undefined,
      refreshes: true,
    });
  } catch (error) {
    if (isTspodError(error, 'NO_SUCH_CONTAINER')) return told;
    if (isTspodError(error, 'ENGINE_CLOSED') && told !== undefined) return told;
    throw error;
  }
}

async function finish(held: HeldContainer, told: ExitStatus | undefined): Promise<ExitStatus | undefined> {
  if (held.isRestarting) return told;
  // The short way: the monitor has reported the end and is gone, so that nothing has to be found out or written before
  // the removal.
  if (told !== undefined && held.state.autoRemove && held.observation.kind === 'ended' && !isNeeded(held)) {
    recordRestarts(held);
    recordHealthChange(held);
    await recordLastExecEnds(held);
    recordEnd(held, endedState(held.state, held.observation.exit));
    await sweep(held, told.exitCode);
    return told;
  }
  if (told !== undefined) await settle(held);
  // Somebody has started the container again.
  if (held.status !== 'exited') return told;
  const exit = told ?? statusFromRecord(held.state);
  if (held.state.autoRemove) await destroyUnneeded(held);
  return exit;
}
