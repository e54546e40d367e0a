/**
 * The cgroup of a pod, in which those of its containers lie: made with its limits before the first of these, removed
 * with the pod.
 */
import { existsSync } from 'node:fs';

import { execute } from '../../native/execute.js';
import { PlanBuilder } from '../../plan/builder.js';
import { directoryIn, placeCgroup } from '../../plan/cgroup-placement.js';
import { createCgroups } from '../../plan/cgroups.js';
import { encodePlan } from '../../plan/encode.js';
import { podCgroupPath, podParent, slicePath } from '../../spec/limits/cgroup-path.js';
import type { ContainerConfig } from '../../spec/config.js';
import { hasLimits } from '../../spec/pod/pod-normalize.js';
import type { PodConfig } from '../../spec/pod/pod-options.js';
import { optionalResources } from '../../spec/limits/resources.js';
import type { EngineContext } from '../context.js';
import { failpoint } from '../failpoint.js';
import { podResources } from './resources.js';

/**
 * Makes the pod's cgroup with its limits, before a container of the pod is launched. A group without limits comes with
 * the first container in it. May be repeated.
 */
export async function makePodCgroup(context: EngineContext, config: ContainerConfig): Promise<void> {
  const limits = config.pod?.resources;
  if (limits === undefined || !hasLimits(limits)) return;
  const { cgroupManager, cgroupParent } = config;
  if (cgroupManager === 'systemd') {
    const { startSlice } = await import('../../systemd/slice.js');
    await startSlice(cgroupParent, podResources(limits));
  }
  const path = cgroupManager === 'systemd' ? slicePath(cgroupParent) : cgroupParent;
  const resources = podResources(limits);
  const optional = optionalResources(limits);
  const placement = placeCgroup(context.facts().cgroup, { path, resources, optional, onlyLimits: true });
  if (placement === undefined) return;
  const builder = new PlanBuilder();
  createCgroups(builder, placement, { resources, optional });
  await execute(encodePlan(builder.build()));
  failpoint('pod-cgroup-made');
}

/** Removes the pod's cgroup with all that is in it. May be repeated. */
export async function removePodCgroup(
  context: EngineContext,
  { id, config }: { readonly id: string; readonly config: PodConfig },
): Promise<void> {
  if (!config.shareParent) return;
  const path = podCgroupPath(config, id);
  const directories = context
    .facts()
    .cgroup.hierarchies.filter(({ readOnly }) => !readOnly)
    .map((hierarchy) => directoryIn(hierarchy, { path }).path)
    .filter((directory) => existsSync(directory));
  if (directories.length === 0) return;
  if (config.cgroupManager === 'systemd') {
    const { stopSlice } = await import('../../systemd/slice.js');
    await stopSlice(podParent(config, id));
    return;
  }
  const builder = new PlanBuilder();
  for (const directory of directories) builder.add('teardown', 'cgroupRemove', { path: directory });
  await execute(encodePlan(builder.build()));
}
