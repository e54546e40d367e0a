/** Cleans up what a container that does not run has left, and the process of an initialized one. */
import type { EngineContext } from '../context.js';
import { recordContainerEvent } from '../events.js';
import { failpoint } from '../failpoint.js';
import { withContainer, type HeldContainer } from '../held.js';
import { undoLaunch } from '../launch/launch.js';
import type { CleanupOptions } from '../api/container.js';
import { tearDownLeftovers } from '../settle/tear-down.js';
import { removeContainer } from './remove.js';

/** Cleans a container up. Throws STATE_INVALID while it runs, is paused, or is to be restarted. */
export async function cleanUpContainer(
  context: EngineContext,
  id: string,
  options: CleanupOptions = {},
): Promise<void> {
  await withContainer(
    context,
    id,
    async (held) => {
      held.require('cleanup');
      // A container that has ended was settled with the lock: only leftovers of processes that ended slowly can be
      // there.
      if (held.status === 'initialized') await endInitialized(held);
      else if (held.status === 'exited') await tearDownLeftovers(held);
    },
    { signal: options.signal },
  );
  if (options.remove === true) await removeContainer(context, id, options);
}

/** Ends the process of an initialized container, which is then `created`: its command never ran. */
async function endInitialized(held: HeldContainer): Promise<void> {
  await undoLaunch(held);
  failpoint('initialized-ended');
  held.save({ status: 'created' });
  recordContainerEvent(held.context, { id: held.id, name: held.name, status: 'cleanup' });
}
