/** Stops a container if it runs, and starts it. */
import { isTspodError } from '../../errors.js';
import { noSuchContainer } from '../../state/lookup.js';
import { containerPaths } from '../../storage/paths.js';
import type { StartOptions, StopOptions } from '../api.js';
import type { EngineContext } from '../context.js';
import { recordContainerEvent } from '../events.js';
import { observe, statusOf } from '../observe.js';
import { requireAllowed } from '../transitions.js';
import { startContainer } from './start.js';
import { stopContainer } from './stop.js';

/** Throws STATE_INVALID if it is paused or on its way out. */
export async function restartContainer(
  context: EngineContext,
  id: string,
  options: StopOptions & StartOptions = {},
): Promise<void> {
  const stored = context.store.get(id);
  if (stored === undefined) throw noSuchContainer(id);
  const status = statusOf(stored.state, observe(stored.state, containerPaths(context.directories, id)));
  requireAllowed('restart', id, status);
  recordContainerEvent(context, { id, name: stored.name, status: 'restart' });
  if (status !== 'created') {
    try {
      await stopContainer(context, id, options);
    } catch (error) {
      if (!isTspodError(error, 'CONTAINER_STOPPED')) throw error;
    }
  }
  await startContainer(context, id, options);
}
