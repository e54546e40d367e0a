/**
 * Removes what a crash can leave although the container's record says that its run has ended: files and processes of
 * that run, and lock files.
 */
import { readdirSync } from 'node:fs';

import { removeLockFile, tryLock } from '../../native/file-lock.js';
import { removeTreeSync } from '../../native/tree.js';
import { containerPaths, type ContainerPaths } from '../../storage/paths.js';
import type { EngineContext } from '../context.js';
import { activeSessions, removeBusyTree } from '../exec/files.js';
import { HeldContainer, isAtRest } from '../held.js';
import { isAlive } from '../observe.js';
import { readLiveRecord } from '../monitor/run-record.js';
import { asidePath } from './settle.js';
import { tearDownLastRun } from './tear-down.js';

const ID = /^[0-9a-f]{64}/;

/**
 * Removes run directories and lock files of containers that are at rest or forgotten, and what is left in the cgroups
 * of the former. Only containers that may have a process have such files, so looking costs nothing for the others.
 * `unsettled`: the ids that the caller sees to.
 */
export async function removeOrphans(context: EngineContext, unsettled: ReadonlySet<string>): Promise<void> {
  const { runDirectories, locks } = context.paths;
  const found = new Set([...idsIn(runDirectories), ...idsIn(locks)]);
  // What cannot be removed is left to the next engine, and must not stop this one.
  for (const id of found) if (!unsettled.has(id)) await removeOrphan(context, id).catch(() => undefined);
}

async function removeOrphan(context: EngineContext, id: string): Promise<void> {
  const paths = containerPaths(context.directories, id);
  // The container runs, but its record is lost: `system check --repair` makes another one.
  if (context.store.get(id) === undefined && isProcessAlive(paths)) return;
  // Whoever holds the lock is at work on the container, and sees to it.
  using held = tryLock(paths.lock);
  if (held === undefined) return;
  const stored = context.store.get(id);
  if (stored !== undefined) {
    if (!isAtRest(stored.state)) return;
    await tearDownLastRun(new HeldContainer(context, stored));
  }
  // A command that outlives the container may be all that is left of a run.
  if (activeSessions(paths.run).length === 0) removeBusyTree(paths.run);
  removeTreeSync(asidePath(paths));
  removeLockFile(held);
}

/** Whether the container runs, or is about to be started again. */
export function isProcessAlive({ state }: Pick<ContainerPaths, 'state'>): boolean {
  const live = readLiveRecord(state);
  return live !== undefined && (isAlive(live.monitor) || isAlive(live.init));
}

function idsIn(directory: string): readonly string[] {
  return readdirSync(directory).flatMap((name) => ID.exec(name) ?? []);
}
