/** A user namespace with a container's maps, for mounts that are made while it has no process. */
import { createNamespace } from '../../native/namespace-create.js';
import type { ContainerConfig } from '../../spec/config.js';
import { isMapped } from '../../storage/owners.js';

/** Creates the user namespace, which ends with its descriptor; undefined for a container without maps. */
export async function openUserns({ uidMaps, gidMaps }: Pick<ContainerConfig, 'uidMaps' | 'gidMaps'>) {
  return isMapped({ uidMaps, gidMaps })
    ? createNamespace('user', { uidMap: uidMaps.map(toRange), gidMap: gidMaps.map(toRange) })
    : undefined;
}

function toRange({ containerId, hostId, size }: ContainerConfig['uidMaps'][number]) {
  return { inside: containerId, outside: hostId, size };
}
