/** The end of a container's record and of everything that has its name. Called under its lock. */
import { existsSync, unlinkSync } from 'node:fs';

import { removeTree } from '../../native/tree.js';
import type { HeldContainer } from '../held.js';
import { endProcess } from '../monitor/end-process.js';
import { recordContainerEvent } from '../events.js';
import { endOutlivingSessions } from '../exec/outliving.js';
import { failpoint } from '../failpoint.js';
import { flushBeforeRemoval } from './flush.js';
import { tellMembers } from '../network/members.js';
import { readableConfig } from './readable-config.js';
import { unmountRoot } from '../files/root-mount.js';
import { removeRunDirectory } from './settle.js';
import { tearDownLeftovers } from './tear-down.js';
import { removeAllMarked } from '../files/volumes.js';

/** Whether others depend on it: then it stays, whatever was asked for, as it does with Podman. */
export function isNeeded({ context, seq }: Pick<HeldContainer, 'context' | 'seq'>): boolean {
  return context.store.dependents(seq).length > 0;
}

/** Like destroy(), unless somebody depends on it. In one transaction with the look for those, so that none is recorded in between. */
export async function destroyUnneeded(held: HeldContainer): Promise<void> {
  const claimed = held.context.store.transaction(() => {
    if (isNeeded(held)) return false;
    held.save({ status: 'removing' });
    return true;
  });
  if (claimed) await destroy(held);
}

/**
 * Ends its process if there is one, removes its files, forgets it. Cut off anywhere, the record says `removing`, and the next command
 * goes on.
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
 * Removes what an ended container left, and the record at last: one that is live but has no run directory any more is taken for one
 * that was cut off, and removed all the same.
 */
export async function sweep(held: HeldContainer, exitCode: number): Promise<void> {
  await tearDownLeftovers(held);
  if (held.state.mounted) await unmountRoot(held);
  // The teardown of an automatically removed one has done this already.
  if (existsSync(held.paths.directory)) await removeTree(held.paths.directory);
  removeRunDirectory(held);
  failpoint('files-removed');
  removeCidFile(held);
  // While its labels are known; after a crash it is removed again.
  recordContainerEvent(held.context, { id: held.id, name: held.name, status: 'remove', key: '' });
  const pod = held.context.store.pods.podOf(held.seq);
  const volumes = held.context.store.delete(held, exitCode);
  failpoint('record-deleted');
  tellMembers(held.context);
  held.forget(pod);
  // Last: they may be large, or have something mounted in them.
  await removeAllMarked(held.context, volumes);
}

function removeCidFile(held: HeldContainer): void {
  const cidFile = readableConfig(held)?.cidFile;
  if (cidFile === undefined) return;
  try {
    unlinkSync(cidFile);
  } catch {
    // It is the user's: gone, or not to be removed by us.
  }
}
