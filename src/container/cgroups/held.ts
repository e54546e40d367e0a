/** Finds the cgroups of a container, even if its record is damaged. */
import type { CgroupPlacement } from '../../plan/context.js';
import { DEFAULT_CGROUP_PARENT, DEFAULT_SLICE, podParent, type CgroupNames } from '../../spec/limits/cgroup-path.js';
import { presentCgroups } from './placement.js';
import type { HeldContainer } from '../held.js';
import { readableConfig } from '../settle/readable-config.js';

/** Where a container with a damaged record can have its cgroups, unless its user chose another place. */
const USUAL_PLACES: readonly CgroupNames[] = [
  { cgroupManager: 'cgroupfs', cgroupParent: DEFAULT_CGROUP_PARENT, cgroups: 'enabled' },
  { cgroupManager: 'systemd', cgroupParent: DEFAULT_SLICE, cgroups: 'enabled' },
];

function placeInPod({ context: { store }, seq }: HeldContainer): readonly CgroupNames[] {
  const pod = store.pods.get(store.pods.podOf(seq) ?? '');
  if (pod === undefined) return [];
  const { cgroupManager } = pod.config;
  return [{ cgroupManager, cgroupParent: podParent(pod.config, pod.id), cgroups: 'enabled' }];
}

export function heldCgroups(held: HeldContainer): CgroupPlacement | undefined {
  const { context, id } = held;
  const config = readableConfig(held);
  if (config !== undefined) return presentCgroups(context, id, config);
  const found = [...USUAL_PLACES, ...placeInPod(held)].flatMap(
    (place) => presentCgroups(context, id, place)?.directories ?? [],
  );
  return found.length === 0 ? undefined : { directories: found };
}
