/** The end of a container's record and of everything that has its name. Called under its lock. */
import { unlinkSync } from 'node:fs';

import { openProcess } from '../native/process-handle.js';
import { removeTree } from '../native/tree.js';
import type { HeldContainer } from './held.js';
import { removeRunDirectory } from './settle.js';
import { tearDownLeftovers } from './tear-down.js';

/**
 * Ends its process if there is one, removes its files, forgets it. Cut off anywhere, the record says `removing`, and the next command
 * goes on. The caller removes the lock file.
 */
export async function destroy(held: HeldContainer): Promise<void> {
  held.save({ status: 'removing' });
  await endProcess(held);
  await tearDownLeftovers(held);
  removeRunDirectory(held);
  await removeTree(held.paths.directory);
  removeCidFile(held);
  held.context.store.delete(held, held.state.exitCode);
}

/** One that was initialized has a process that waits for its start. */
async function endProcess(held: HeldContainer): Promise<void> {
  const { observation } = held;
  if (observation.kind !== 'live') return;
  const { init, monitor } = observation.live;
  using monitorHandle = openProcess(monitor.pid, monitor.startTime);
  using initHandle = init.pid === 0 ? undefined : openProcess(init.pid, init.startTime);
  try {
    initHandle?.kill('SIGKILL');
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'ESRCH') throw error;
  }
  await monitorHandle?.wait();
}

function removeCidFile(held: HeldContainer): void {
  let cidFile;
  try {
    cidFile = held.config.cidFile;
  } catch {
    return; // the record is damaged, which is why it is removed
  }
  if (cidFile === undefined) return;
  try {
    unlinkSync(cidFile);
  } catch {
    // It is the user's: gone, or not to be removed by us.
  }
}
