/** What a crash can leave behind the back of a container's record: files of a run that the record says has ended, and lock files. */
import { readdirSync } from 'node:fs';

import { removeLockFile, tryLock } from '../../native/file-lock.js';
import { removeTreeSync } from '../../native/tree.js';
import { containerPaths, type ContainerPaths } from '../../storage/paths.js';
import type { EngineContext } from '../context.js';
import { activeSessions, removeBusyTree } from '../exec/files.js';
import { isAtRest } from '../held.js';
import { isAlive } from '../observe.js';
import { readLiveRecord } from '../monitor/run-record.js';
import { asidePath } from './settle.js';

const ID = /^[0-9a-f]{64}/;

/**
 * Removes run directories and lock files of containers that are at rest or forgotten. Only containers that may have a process have any, so
 * looking costs nothing for the others. `unsettled`: the ids that the caller sees to.
 */
export function removeOrphans(context: EngineContext, unsettled: ReadonlySet<string>): void {
  const { runDirectories, locks } = context.paths;
  const found = new Set([...idsIn(runDirectories), ...idsIn(locks)]);
  for (const id of found) if (!unsettled.has(id)) removeOrphan(context, id);
}

function removeOrphan(context: EngineContext, id: string): void {
  const paths = containerPaths(context.directories, id);
  // Its record is lost: `system check --repair` makes another one.
  if (context.store.get(id) === undefined && isProcessAlive(paths)) return;
  // Somebody is at work on it, and sees to it.
  using held = tryLock(paths.lock);
  if (held === undefined) return;
  const stored = context.store.get(id);
  if (stored !== undefined && !isAtRest(stored.state)) return;
  // Of a run that has ended, such a command may be all that is left.
  if (activeSessions(paths.run).length === 0) removeBusyTree(paths.run);
  removeTreeSync(asidePath(paths));
  removeLockFile(held);
}

/** It runs, or is about to be started again. */
export function isProcessAlive({ state }: Pick<ContainerPaths, 'state'>): boolean {
  const live = readLiveRecord(state);
  return live !== undefined && (isAlive(live.monitor) || isAlive(live.init));
}

function idsIn(directory: string): readonly string[] {
  return readdirSync(directory).flatMap((name) => ID.exec(name) ?? []);
}
