/** Pauses and unpauses a container: freezes and thaws all its processes by its cgroup. */
import type { EngineContext } from '../context.js';
import { recordContainerEvent } from '../events.js';
import { failpoint } from '../failpoint.js';
import { endPause, freeze, runs, thaw } from '../cgroups/freeze.js';
import { withContainer, type HeldContainer } from '../held.js';
import { settle } from '../settle/settle.js';

/** Pauses a container. Throws STATE_INVALID unless it runs, NO_CGROUPS if it has no cgroup. */
export async function pauseContainer(context: EngineContext, id: string): Promise<void> {
  await withContainer(context, id, async (held) => {
    while (!(await freezeRunning(held)));
    recordContainerEvent(context, { id, name: held.name, status: 'pause' });
  });
}

/** Freezes the container. Returns false if it ended in the middle of that, and may have been started again. */
async function freezeRunning(held: HeldContainer): Promise<boolean> {
  held.require('pause');
  // Recorded first: a container that is frozen but recorded as running would answer nobody.
  held.save({ status: 'paused' });
  failpoint('pause-recorded');
  try {
    await freeze(held);
    failpoint('frozen');
  } catch (error) {
    if (runs(held.look())) {
      held.save({ status: 'active' });
      throw error;
    }
  }
  if (runs(held.look())) return true;
  await endPause(held);
  held.look();
  await settle(held);
  return false;
}

/** Unpauses a container. Throws STATE_INVALID unless it is paused. */
export async function unpauseContainer(context: EngineContext, id: string): Promise<void> {
  await withContainer(context, id, async (held) => {
    held.require('unpause');
    failpoint('unpause-allowed');
    await thawPaused(held);
    failpoint('thawed');
    held.save({ status: 'active' });
    recordContainerEvent(context, { id, name: held.name, status: 'unpause' });
  });
}

/**
 * Thaws the container. Throws STATE_INVALID if it was killed meanwhile and its cgroup is gone: then it is no longer
 * paused.
 */
async function thawPaused(held: HeldContainer): Promise<void> {
  try {
    await thaw(held);
  } catch (error) {
    if (runs(held.look())) throw error;
    await endPause(held);
    await settle(held);
    held.require('unpause');
  }
}
