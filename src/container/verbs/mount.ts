/** Mounts a container's root file system on the host. Calls are counted: as many unmounts as mounts. */
import { mkdirSync } from 'node:fs';

import { TspodError } from '../../errors.js';
import { isMountPoint } from '../../host/mount-point.js';
import type { EngineContext } from '../context.js';
import { recordContainerEvent } from '../events.js';
import type { ContainerUnmountOptions } from '../api/files.js';
import { failpoint } from '../failpoint.js';
import { withContainer, type HeldContainer } from '../held.js';
import { mountPointOf, unmountRoot } from '../files/root-mount.js';
import { liveProcess, liveRoot, mountRoot, retriedAfterEnd } from '../files/root-view.js';

export async function mountContainer(context: EngineContext, id: string): Promise<string> {
  const mount = async (held: HeldContainer) => {
    held.require('mount');
    const at = mountPointOf(context, id);
    if (at === held.paths.mountPoint) await ensureMounted(held);
    held.save({ mounts: held.state.mounts + 1 });
    recordContainerEvent(context, { id, name: held.name, status: 'mount' });
    return at;
  };
  return retriedAfterEnd((refreshes) => withContainer(context, id, mount, { refreshes }));
}

/**
 * Mounts the root on the host, if it is not yet. A running container has its root mounted already: the host gets a copy
 * of that mount, since a second one of the same layer would know nothing of the first.
 */
async function ensureMounted(held: HeldContainer): Promise<void> {
  const { directory, mountPoint } = held.paths;
  if (held.state.mounted && isMountPoint(mountPoint)) return;
  held.save({ mounted: true });
  failpoint('mount-recorded');
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  mkdirSync(mountPoint, { recursive: true, mode: 0o700 });
  const process = liveProcess(held);
  if (process !== undefined) failpoint('live-root-found');
  using _root =
    process === undefined ? await mountRoot(held, mountPoint) : await liveRoot(held.id, process, mountPoint);
  failpoint('mounted');
}

export async function unmountContainer(
  context: EngineContext,
  id: string,
  { force = false }: ContainerUnmountOptions = {},
): Promise<void> {
  await withContainer(context, id, async (held) => {
    held.require('unmount');
    const runs = held.observation.kind !== 'settled';
    const { mounts } = held.state;
    if (runs && mounts === 0) throw stillUsed(held);
    held.save({ mounts: force ? 0 : Math.max(0, mounts - 1) });
    failpoint('unmount-recorded');
    // A container that started from this mount keeps it until its end, since a restart needs it.
    if (held.state.mounts === 0 && held.state.mounted && !runs) await unmountRoot(held);
    if (mounts > 0) recordContainerEvent(context, { id, name: held.name, status: 'unmount' });
  });
}

function stillUsed({ id, status }: HeldContainer): TspodError {
  return new TspodError(
    'STATE_INVALID',
    `cannot unmount storage for container ${id} as it is running or paused: container state improper`,
    { details: { id, status, operation: 'unmount' } },
  );
}
