/**
 * Places a container's cgroups. The paths are computed from its record, so that they are found whatever became of the
 * container.
 */
import { existsSync, readFileSync } from 'node:fs';

import { TspodError } from '../../errors.js';
import type { CgroupHierarchy } from '../../host/cgroup-layout.js';
import type { LinuxResources } from '../../oci/resources.js';
import { directoryIn, placeCgroup } from '../../plan/cgroup-placement.js';
import type { CgroupFrame, CgroupPlacement } from '../../plan/context.js';
import { cgroupsPath, framePaths, splittable, type CgroupNames } from '../../spec/limits/cgroup-path.js';
import type { ContainerConfig } from '../../spec/config.js';
import { optionalResources } from '../../spec/limits/resources.js';
import { mayDivideCgroup } from '../../spec/systemd-mode.js';
import type { EngineContext } from '../context.js';
import { podResources } from '../pod/resources.js';

export interface CgroupRequest {
  readonly config: ContainerConfig;
  readonly resources: LinuxResources;
  /** Result of splitFrom(). */
  readonly splitFrom: string;
}

/** Returns the cgroup for a launch, in the hierarchies that the resources need; undefined if the container has none. */
export function cgroupFor(context: EngineContext, id: string, request: CgroupRequest): CgroupPlacement | undefined {
  const { config, resources, splitFrom } = request;
  if (config.cgroups === 'disabled') return undefined;
  return placeCgroup(context.facts().cgroup, {
    path: cgroupsPath(config, id, splitFrom),
    resources,
    optional: optionalResources(config.resources),
    frame: frameFor(context, id, request),
    delegate: mayDivideCgroup(config),
    ...(config.pod?.resources === undefined ? {} : { within: podResources(config.pod.resources) }),
  });
}

function frameFor(context: EngineContext, id: string, { config, splitFrom }: CgroupRequest): CgroupFrame | undefined {
  const paths = framePaths(config, id, splitFrom);
  const own = unified(context);
  if (paths === undefined || own === undefined) return undefined;
  return {
    ...paths,
    others: config.cgroups === 'split' ? processesIn(`${own.mountPoint}${splitFrom}`) : [],
    ...(config.cgroups === 'no-conmon' ? { home: own.ownPath } : {}),
  };
}

/**
 * Returns the cgroup of this process, which a container with cgroups `split` divides; '' for other containers. Throws
 * UNSUPPORTED_HOST if it is the top one.
 */
export function splitFrom(context: EngineContext, { cgroups }: Pick<ContainerConfig, 'cgroups'>): string {
  if (cgroups !== 'split') return '';
  const group = splittable(unified(context)?.ownPath ?? '/');
  if (group !== '/') return group;
  const message = 'cannot split the cgroup of this process: it is the root cgroup, which cannot be limited';
  throw new TspodError('UNSUPPORTED_HOST', message);
}

function unified(context: EngineContext): CgroupHierarchy | undefined {
  return context.facts().cgroup.hierarchies.find(({ version }) => version === 2);
}

function processesIn(directory: string): readonly number[] {
  return readFileSync(`${directory}/cgroup.procs`, 'utf8')
    .split('\n')
    .map(Number)
    .filter((pid) => pid > 0);
}

/**
 * Returns all places where the container has a cgroup now; undefined if there are none. `delegate`: result of
 * mayDivideCgroup(), for processes that are put into them.
 */
export function presentCgroups(
  context: EngineContext,
  id: string,
  config: CgroupNames,
  delegate = false,
): CgroupPlacement | undefined {
  if (config.cgroups === 'disabled') return undefined;
  const split = config.cgroups === 'split' ? (context.store.get(id)?.state.splitFrom ?? '') : '';
  if (config.cgroups === 'split' && split === '') return undefined;
  const path = cgroupsPath(config, id, split);
  const paths = framePaths(config, id, split);
  const frame = paths === undefined ? undefined : { ...paths, others: [] };
  const directories = context
    .facts()
    .cgroup.hierarchies.filter((hierarchy) => !hierarchy.readOnly)
    .map((hierarchy) => directoryIn(hierarchy, { path, frame, delegate }))
    .filter((directory) => existsSync(directory.path));
  return directories.length === 0 ? undefined : { directories };
}
