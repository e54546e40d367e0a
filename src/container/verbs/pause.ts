/** Stops and resumes all processes of a container by its cgroup. */
import type { EngineContext } from '../context.js';
import { recordContainerEvent } from '../events.js';
import { failpoint } from '../failpoint.js';
import { setFrozen } from '../freeze.js';
import { withContainer } from '../held.js';

/** Throws STATE_INVALID unless it runs, NO_CGROUPS if it has no cgroup. */
export async function pauseContainer(context: EngineContext, id: string): Promise<void> {
  await withContainer(context, id, async (held) => {
    held.require('pause');
    // The record first: a container that is frozen and said to run would answer nobody.
    held.save({ status: 'paused' });
    failpoint('pause-recorded');
    try {
      await setFrozen(held, true);
      failpoint('frozen');
    } catch (error) {
      held.save({ status: 'active' });
      throw error;
    }
    recordContainerEvent(context, { id, name: held.name, status: 'pause' });
  });
}

/** Throws STATE_INVALID unless it is paused. */
export async function unpauseContainer(context: EngineContext, id: string): Promise<void> {
  await withContainer(context, id, async (held) => {
    held.require('unpause');
    await setFrozen(held, false);
    failpoint('thawed');
    held.save({ status: 'active' });
    recordContainerEvent(context, { id, name: held.name, status: 'unpause' });
  });
}
