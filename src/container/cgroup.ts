/** Where a container's cgroups are: computed from its configuration, so that they are found whatever became of it. */
import { existsSync } from 'node:fs';

import type { LinuxResources } from '../oci/resources.js';
import { placeCgroup } from '../plan/cgroup-placement.js';
import type { CgroupPlacement } from '../plan/context.js';
import type { ContainerConfig } from '../spec/config.js';
import { cgroupsPath } from '../spec/generate.js';
import { optionalResources } from '../spec/resources.js';
import type { EngineContext } from './context.js';

/** For a launch: the hierarchies that these resources need. Undefined: the container has none. */
export function cgroupFor(
  context: EngineContext,
  id: string,
  { config, resources }: { readonly config: ContainerConfig; readonly resources: LinuxResources },
): CgroupPlacement | undefined {
  if (config.cgroups === 'disabled') return undefined;
  return placeCgroup(context.facts().cgroup, {
    path: cgroupsPath(config, id),
    resources,
    optional: optionalResources(config.resources),
  });
}

/** All places where the container has a cgroup now. */
export function presentCgroups(
  context: EngineContext,
  id: string,
  config: Pick<ContainerConfig, 'cgroupParent' | 'cgroups'>,
): CgroupPlacement | undefined {
  if (config.cgroups === 'disabled') return undefined;
  const path = cgroupsPath(config, id);
  const directories = context
    .facts()
    .cgroup.hierarchies.filter((hierarchy) => !hierarchy.readOnly)
    .map((hierarchy) => ({ hierarchy, path: hierarchy.mountPoint === '/' ? path : `${hierarchy.mountPoint}${path}` }))
    .filter((directory) => existsSync(directory.path));
  return directories.length === 0 ? undefined : { directories };
}
