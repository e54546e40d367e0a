/**
 * Cgroups that a container may divide, as systemd does for its services. Its processes are in a group of their own
 * below the one with its limits, which stays out of reach: that the kernel itself would guard it depends on how the host
 * has mounted its cgroups (nsdelegate).
 */
import type { PlanBuilder } from './builder.js';
import { enableInside, type CgroupRequest } from './cgroup-controllers.js';
import type { CgroupDirectory, HostOwner } from './context.js';

/** What a container may make in its cgroup: more than anyone needs, less than hurts the host or the removal. */
const MOST_LEVELS = 100;
const MOST_GROUPS = 10_000;

/** Files of a group that its owner has to write to in order to divide it (cgroups(7)); of version 1 and version 2. */
const OWNERS_FILES = ['tasks', 'cgroup.procs', 'cgroup.threads', 'cgroup.subtree_control'];

export interface Delegation extends CgroupRequest {
  /** The host's ids for the root of the container's user namespace. @default the host's root */
  readonly owner?: HostOwner | undefined;
}

/**
 * Adds steps that make the group which the container may divide. Returns its slot: that of the container's own group,
 * `slot`, where this is the same one, or where there is none.
 */
export function delegateCgroup(
  builder: PlanBuilder,
  { directory, slot }: { readonly directory: CgroupDirectory; readonly slot: number },
  { owner, ...request }: Delegation,
): number {
  const { delegated: path, hierarchy } = directory;
  if (path === undefined) return slot;
  const inside = hierarchy.version === 1 ? slot : builder.slot();
  if (inside !== slot) {
    builder.add('prepare', 'writeFileAt', { slot, name: 'cgroup.max.depth', value: String(MOST_LEVELS) });
    builder.add('prepare', 'writeFileAt', { slot, name: 'cgroup.max.descendants', value: String(MOST_GROUPS) });
    enableInside(builder, slot, { directory, request });
    builder.add('prepare', 'cgroupCreate', { slot: inside, path });
  }
  // Not before init has entered the group: in its user namespace it may write to files of the host's root alone.
  if (owner !== undefined) builder.add('afterClone', 'cgroupOwner', { slot: inside, files: OWNERS_FILES, ...owner });
  return inside;
}
