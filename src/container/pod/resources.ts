/** Limits of a pod as a cgroup takes them. */
import type { LinuxResources } from '../../oci/resources.js';
import type { ResourceConfig } from '../../spec/config.js';
import { blockDeviceNumbers } from '../../spec/files/host-paths.js';
import { ociResources } from '../../spec/limits/resources.js';

/** Returns the limits of a pod's cgroup. The number of processes is among them only if it was given. */
export function podResources(config: ResourceConfig): LinuxResources {
  const { devices: _devices, pids, ...resources } = ociResources(config, [], blockDeviceNumbers);
  return { ...resources, ...(pids !== undefined && pids.limit > 0 ? { pids } : {}) };
}
