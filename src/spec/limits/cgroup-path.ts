/** Paths of a container's cgroup from the top of each hierarchy, derived from the id. */
import type { ContainerConfig } from '../config.js';

/** Default parent of containers' cgroups without systemd. */
export const DEFAULT_CGROUP_PARENT = '/tspod';

/** Default parent with systemd: its slice for virtual machines and containers. */
export const DEFAULT_SLICE = 'machine.slice';

/** Name of the group to which the monitor of a split cgroup moves the processes that are in it, including itself. */
const SUPERVISOR = 'supervisor';

export type CgroupNames = Pick<ContainerConfig, 'cgroupParent' | 'cgroupManager' | 'cgroups'>;

/** A group without processes of its own, which contains the container's group and, beside it, the monitor's. */
export interface FramePaths {
  readonly path: string;
  readonly monitor: string;
}

/** Returns the container's group. `splitFrom`: the group that is split, with cgroups `split`. */
export function cgroupsPath(names: CgroupNames, id: string, splitFrom = ''): string {
  const { cgroupParent, cgroupManager, cgroups } = names;
  if (cgroups === 'split') return below(splitFrom, `tspod-payload-${id}`);
  if (cgroupManager === 'systemd') return `${scopePath(cgroupParent, id)}/container`;
  return below(cgroupParent, id);
}

/**
 * Returns the group that contains the container's group and the monitor's; undefined if the monitor has no group of its
 * own.
 */
export function framePaths(names: CgroupNames, id: string, splitFrom = ''): FramePaths | undefined {
  if (names.cgroups === 'split') return { path: splitFrom, monitor: below(splitFrom, SUPERVISOR) };
  if (names.cgroupManager !== 'systemd') return undefined;
  const path = scopePath(names.cgroupParent, id);
  return { path, monitor: `${path}/monitor` };
}

/**
 * Returns the parent of the groups of a pod's containers, as a `cgroupParent`: a path, or a slice. Derived from the
 * pod's id.
 */
export function podParent({ cgroupParent, cgroupManager }: Omit<CgroupNames, 'cgroups'>, id: string): string {
  const name = `tspod_pod_${id}`;
  if (cgroupManager !== 'systemd') return below(cgroupParent, `pod_${id}`);
  return cgroupParent === '-.slice' ? `${name}.slice` : `${cgroupParent.slice(0, -'.slice'.length)}-${name}.slice`;
}

/** Returns the pod's group, from the top of each hierarchy. */
export function podCgroupPath(names: Omit<CgroupNames, 'cgroups'>, id: string): string {
  const parent = podParent(names, id);
  return names.cgroupManager === 'systemd' ? slicePath(parent) : parent;
}

/**
 * Returns the group that a process in the group `own` would split: if that is the supervisor's part of a split group,
 * the split group is split again.
 */
export function splittable(own: string): string {
  return own.endsWith(`/${SUPERVISOR}`) ? own.slice(0, -SUPERVISOR.length - 1) : own;
}

/** Returns the name of the container's systemd unit. */
export function scopeName(id: string): string {
  return `tspod-${id}.scope`;
}

function scopePath(slice: string, id: string): string {
  return below(slicePath(slice), scopeName(id));
}

/** Returns the path of a slice: `a-b.slice` lies in `a.slice`; `-.slice` is the top (systemd.slice(5)). */
export function slicePath(slice: string): string {
  if (slice === '-.slice') return '/';
  const parts = slice.slice(0, -'.slice'.length).split('-');
  return parts.map((_, index) => `/${parts.slice(0, index + 1).join('-')}.slice`).join('');
}

function below(parent: string, name: string): string {
  return parent === '/' ? `/${name}` : `${parent}/${name}`;
}
