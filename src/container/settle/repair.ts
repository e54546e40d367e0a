/**
 * Puts right what crashed processes left: run when an engine opens. It never waits for a lock, and for a monitor no
 * longer than a second.
 */
import { existsSync } from 'node:fs';

import type { EngineContext } from '../context.js';
import { destroy, destroyUnneeded, isNeeded } from './destroy.js';
import { unrecordedEnds } from '../exec/events.js';
import { runs } from '../cgroups/freeze.js';
import { hasUnrecordedHealth } from '../health/record.js';
import { withFreeContainer, type HeldContainer } from '../held.js';
import { repairNames } from '../network/name-server.js';
import { updateMembers } from '../network/members.js';
import { isAlive, isKilled, observe } from '../observe.js';
import { removeLostNetworks } from '../network/lost.js';
import { removeOrphans } from './orphans.js';
import type { LiveRecord } from '../monitor/run-record.js';
import { isUpdateDue } from './finish-update.js';
import { endPath } from './restarts.js';
import type { StoredContainer, StoredState } from '../../state/records.js';
import { removeUnreadyLayers } from '../../storage/hide-layer.js';
import { containerPaths, type ContainerPaths } from '../../storage/paths.js';
import { settleVolumes } from '../files/volumes.js';

/**
 * Returns the containers whose record and kernel disagree, in the order of their creation; a healthy store costs a few
 * reads for each that runs.
 */
function findBroken(
  context: EngineContext,
  unsettled: readonly StoredContainer[] = context.store.unsettled(),
): readonly StoredContainer[] {
  return unsettled.filter((container) => needsRepair(context, container));
}

function needsRepair(context: EngineContext, { id, seq, state }: StoredContainer): boolean {
  const paths = containerPaths(context.directories, id);
  const observation = observe(state, paths);
  switch (observation.kind) {
    case 'settled':
      return (
        state.status === 'removing' ||
        (state.status === 'exited' && state.autoRemove && !isNeeded({ context, seq })) ||
        (state.mounted && state.mounts === 0)
      );
    case 'live':
      return (
        isUpdateDue(state, observation.live) ||
        (state.status === 'paused' && !runs(observation)) ||
        hasUnrecordedEvents(paths) ||
        hasUnrecordedRestart({ state, live: observation.live, paths })
      );
    case 'ending':
      return false;
    case 'ended':
      // While the monitor tears down there is nothing to be done.
      return observation.live === undefined || !isAlive(observation.live.monitor);
    case 'lost':
      // A process that is stuck in the kernel was waited for before.
      return state.status !== 'stopping' || !isKilled(observation.live.init);
    case 'launching':
      return true;
  }
}

/** Whether something happened in the container that is an event, and that no engine was there to record. */
function hasUnrecordedEvents(paths: ContainerPaths): boolean {
  return hasUnrecordedHealth(paths) || unrecordedEnds(paths.run).length > 0;
}

/** Whether a restart is not recorded as an event yet, or, while the next run is waited for, the end of the last. */
function hasUnrecordedRestart({ state, live, paths }: Restarted): boolean {
  if (live.status === 'waiting' && existsSync(endPath(paths, live.restarts))) return true;
  return live.restarts > state.restarts;
}

interface Restarted {
  readonly state: Pick<StoredState, 'restarts'>;
  readonly live: LiveRecord;
  readonly paths: ContainerPaths;
}

/**
 * Repairs what is broken, except what another process has locked, which is in its care. What fails here is found again
 * by the next engine, or by the next verb on the container, which reports it.
 */
export async function repair(context: EngineContext): Promise<void> {
  const unsettled = context.store.unsettled();
  for (const { id } of findBroken(context, unsettled)) {
    await withFreeContainer(context, id, finishRemoval).catch(() => undefined);
  }
  const known = new Set(unsettled.map(({ id }) => id));
  await removeOrphans(context, known);
  await removeLostNetworks(context, known);
  updateMembers(context);
  await repairNames(context).catch(() => undefined);
  await removeUnreadyLayers(context.paths);
  await settleVolumes(context);
}

/** Removes a container that was being removed, or was to be removed at its end. Its record must be settled. */
export async function finishRemoval(held: HeldContainer): Promise<void> {
  const { state } = held;
  if (state.status === 'removing') await destroy(held);
  else if (state.status === 'exited' && state.autoRemove) await destroyUnneeded(held);
}

/** Does as finishRemoval() after an end, but leaves what fails to the next command. */
export async function tryRemoval(held: HeldContainer): Promise<void> {
  await finishRemoval(held).catch(() => undefined);
}
