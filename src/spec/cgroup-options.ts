/** Options about the container's cgroup. */
import { cleanPath } from '../util/paths.js';
import type { ContainerConfig } from './config.js';
import type { CreateOptions } from './create-options.js';
import { invalid, quote } from './invalid.js';
import { checkAbsolutePath } from './names.js';
import { normalizeResources } from './resources.js';

/** Where containers' cgroups lie in each hierarchy. */
export const DEFAULT_CGROUP_PARENT = '/tspod';

type CgroupConfig = Pick<ContainerConfig, 'resources' | 'cgroupParent' | 'cgroups'>;

/** Limits, parent and mode; limits that were asked for need a cgroup. */
export function normalizeCgroups(options: CreateOptions, cpusOnline: number): CgroupConfig {
  const cgroups = options.cgroups ?? 'enabled';
  if (cgroups !== 'enabled' && cgroups !== 'disabled')
    throw invalid(`cgroups must be enabled or disabled, not ${quote(String(cgroups))}`);
  if (cgroups === 'disabled' && Object.keys(options.resources ?? {}).length > 0) {
    throw invalid('resource limits need a cgroup: they cannot be given with cgroups disabled');
  }
  if (cgroups === 'disabled' && options.cgroupParent !== undefined)
    throw invalid('cgroupParent cannot be given with cgroups disabled');
  return {
    resources: normalizeResources(options.resources ?? {}, cpusOnline),
    cgroupParent: checkParent(options.cgroupParent ?? DEFAULT_CGROUP_PARENT),
    cgroups,
  };
}

function checkParent(given: string): string {
  // systemd's slices are made through systemd, which this does not talk to.
  if (given.endsWith('.slice'))
    throw invalid(
      `cgroupParent ${quote(given)} is a systemd slice: only paths of the cgroup file system are supported`,
    );
  const parent = cleanPath(checkAbsolutePath('cgroupParent', given));
  if (given.split('/').includes('..')) throw invalid(`cgroupParent must not hold "..": ${quote(given)}`);
  return parent;
}
