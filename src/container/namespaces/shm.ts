/** Where a container's /dev/shm comes from, when its IPC namespace is another container's. */
import { TspodError } from '../../errors.js';
import type { OciMount } from '../../oci/spec.js';
import type { LaunchContext } from '../../plan/context.js';
import type { ContainerConfig } from '../../spec/config.js';
import type { EngineContext } from '../context.js';
import type { Donors } from './donors.js';
import { namespaceOwner } from './owners.js';

const SHM = '/dev/shm';

/** Throws INVALID_ARGUMENT if nobody may join the IPC namespace of this container. */
export function requireShareableIpc(id: string, donor: ContainerConfig): void {
  if (donor.namespaces.ipc !== 'private') return;
  throw new TspodError(
    'INVALID_ARGUMENT',
    `joining IPC of container ${id} is not allowed: non-shareable IPC (hint: use IpcMode:shareable for the donor container)`,
  );
}

/**
 * Returns the container whose /dev/shm the container gets. None if the user mounts something there, or if that
 * container has no /dev/shm.
 */
export function shmDonor(
  context: EngineContext,
  config: ContainerConfig,
  donors: Donors,
): Pick<LaunchContext, 'shmDonor'> {
  const donor = donors.containers.ipc;
  const own = config.mounts.some(({ target }) => target === SHM);
  return donor === undefined || own || !donorHasShm(context, config) ? {} : { shmDonor: donor };
}

/** Returns the mounts without /dev/shm, if the container whose IPC namespace is shared has none. */
export function withoutMissingShm(
  context: EngineContext,
  config: ContainerConfig,
  mounts: readonly OciMount[],
): readonly OciMount[] {
  if (donorHasShm(context, config) || config.mounts.some(({ target }) => target === SHM)) return mounts;
  return mounts.filter(({ destination }) => destination !== SHM);
}

function donorHasShm(context: EngineContext, config: ContainerConfig): boolean {
  return namespaceOwner(context, config, 'ipc')?.config.namespaces.ipc !== 'none';
}
