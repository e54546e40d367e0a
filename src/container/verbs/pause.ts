/** Stops and resumes all processes of a container by its cgroup. */
import type { EngineContext } from '../context.js';
import { recordContainerEvent } from '../events.js';
import { failpoint } from '../failpoint.js';
import { endPause, freeze, runs, thaw } from '../cgroups/freeze.js';
import { withContainer, type HeldContainer } from '../held.js';
import { settle } from '../settle/settle.js';

/** Throws STATE_INVALID unless it runs, NO_CGROUPS if it has no cgroup. */
export async function pauseContainer(context: EngineContext, id: string): Promise<void> {
  await withContainer(context, id, async (held) => {
    while (!(await freezeRunning(held)));
    recordContainerEvent(context, { id, name: held.name, status: 'pause' });
  });
}

/** False if it ended in the middle of it, and maybe was started again. */
async function freezeRunning(held: HeldContainer): Promise<boolean> {
  held.require('pause');
  // The record first: a container that is frozen and said to run would answer nobody.
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

/** Throws STATE_INVALID unless it is paused. */
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

/** It may have been killed meanwhile, and its cgroup be gone: then it is paused no more. */
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
