/** Removes a container's record and everything that has its name. Called under its lock. */
import { existsSync, unlinkSync } from 'node:fs';

import { removeTree } from '../../native/tree.js';
import type { HeldContainer } from '../held.js';
import { endProcess } from '../monitor/end-process.js';
import { recordContainerEvent } from '../events.js';
import { endOutlivingSessions } from '../exec/outliving.js';
import { failpoint } from '../failpoint.js';
import { flushBeforeRemoval } from './flush.js';
import { updateMembers } from '../network/members.js';
import { readableConfig } from './readable-config.js';
import { unmountRoot } from '../files/root-mount.js';
import { removeRunDirectory } from './settle.js';
import { tearDownLeftovers } from './tear-down.js';
import { removeAllMarked } from '../files/volumes.js';

/** Whether other containers depend on this one: then it stays, whatever was asked for, as with Podman. */
export function isNeeded({ context, seq }: Pick<HeldContainer, 'context' | 'seq'>): boolean {
  return context.store.dependents(seq).length > 0;
}

/**
 * Like destroy(), unless another container depends on this one. The look for dependents is in one transaction with the
 * change of state, so that none is recorded in between.
 */
export async function destroyUnneeded(held: HeldContainer): Promise<void> {
  const claimed = held.context.store.transaction(() => {
    if (isNeeded(held)) return false;
    held.save({ status: 'removing' });
    return true;
  });
  if (claimed) await destroy(held);
}

/**
 * Ends the container's process if there is one, removes its files, forgets it. If that is cut off anywhere, the record
 * says `removing`, and the next command goes on.
 */
export async function destroy(held: HeldContainer): Promise<void> {
  held.save({ status: 'removing' });
  failpoint('removal-recorded');
  flushBeforeRemoval(held);
  await endProcess(held);
  await endOutlivingSessions(held);
  await sweep(held, held.state.exitCode);
}

/**
 * Removes what an ended container left, and the record last. If that is cut off, a container that is recorded as live
 * but has no run directory counts as one whose launch was cut off, and is removed all the same.
 */
export async function sweep(held: HeldContainer, exitCode: number): Promise<void> {
  await tearDownLeftovers(held);
  if (held.state.mounted) await unmountRoot(held);
  // For a container with `autoRemove` the teardown has done this already.
  if (existsSync(held.paths.directory)) await removeTree(held.paths.directory);
  removeRunDirectory(held);
  failpoint('files-removed');
  removeCidFile(held);
  // Recorded while the labels are known; after a crash the container is removed, and this recorded, again.
  recordContainerEvent(held.context, { id: held.id, name: held.name, status: 'remove', key: '' });
  const pod = held.context.store.pods.podOf(held.seq);
  const volumes = held.context.store.delete(held, exitCode);
  failpoint('record-deleted');
  updateMembers(held.context);
  held.forget(pod);
  // Last, since volumes may be large, or have something mounted in them.
  await removeAllMarked(held.context, volumes);
}

function removeCidFile(held: HeldContainer): void {
  const cidFile = readableConfig(held)?.cidFile;
  if (cidFile === undefined) return;
  try {
    unlinkSync(cidFile);
  } catch {
    // The file is the user's: it may be gone, or we may not be allowed to remove it.
  }
}
