/** Where a container's cgroup lies, from the top of each hierarchy: a name that follows from the id. */
import type { ContainerConfig } from '../config.js';

/** Where containers' cgroups lie without systemd. */
export const DEFAULT_CGROUP_PARENT = '/tspod';

/** Where systemd keeps virtual machines and containers. */
export const DEFAULT_SLICE = 'machine.slice';

/** The group of the processes that the monitor of a split cgroup moves out of the way, its own among them. */
const SUPERVISOR = 'supervisor';

export type CgroupNames = Pick<ContainerConfig, 'cgroupParent' | 'cgroupManager' | 'cgroups'>;

/** A group that holds no process of its own: the container's group lies in it, and the monitor's beside that. */
export interface FramePaths {
  readonly path: string;
  readonly monitor: string;
}

/** The container's group. `splitFrom`: the group that is split, with cgroups `split`. */
export function cgroupsPath(names: CgroupNames, id: string, splitFrom = ''): string {
  const { cgroupParent, cgroupManager, cgroups } = names;
  if (cgroups === 'split') return below(splitFrom, `tspod-payload-${id}`);
  if (cgroupManager === 'systemd') return `${scopePath(cgroupParent, id)}/container`;
  return below(cgroupParent, id);
}

/** What the container's group lies in, where the monitor has a group of its own, too. */
export function framePaths(names: CgroupNames, id: string, splitFrom = ''): FramePaths | undefined {
  if (names.cgroups === 'split') return { path: splitFrom, monitor: below(splitFrom, SUPERVISOR) };
  if (names.cgroupManager !== 'systemd') return undefined;
  const path = scopePath(names.cgroupParent, id);
  return { path, monitor: `${path}/monitor` };
}

/** What the groups of a pod's containers lie in, as a `cgroupParent`: a path, or a slice. Found by the pod's id. */
export function podParent({ cgroupParent, cgroupManager }: Omit<CgroupNames, 'cgroups'>, id: string): string {
  const name = `tspod_pod_${id}`;
  if (cgroupManager !== 'systemd') return below(cgroupParent, `pod_${id}`);
  return cgroupParent === '-.slice' ? `${name}.slice` : `${cgroupParent.slice(0, -'.slice'.length)}-${name}.slice`;
}

/** The pod's group, from the top of each hierarchy. */
export function podCgroupPath(names: Omit<CgroupNames, 'cgroups'>, id: string): string {
  const parent = podParent(names, id);
  return names.cgroupManager === 'systemd' ? slicePath(parent) : parent;
}

/** The group that a process in `own` would split: one that was split already is split again, not its supervisor's part. */
export function splittable(own: string): string {
  return own.endsWith(`/${SUPERVISOR}`) ? own.slice(0, -SUPERVISOR.length - 1) : own;
}

/** The container's unit of systemd. */
export function scopeName(id: string): string {
  return `tspod-${id}.scope`;
}

function scopePath(slice: string, id: string): string {
  return below(slicePath(slice), scopeName(id));
}

/** `a-b.slice` lies in `a.slice`; `-.slice` is the top (systemd.slice(5)). */
export function slicePath(slice: string): string {
  if (slice === '-.slice') return '/';
  const parts = slice.slice(0, -'.slice'.length).split('-');
  return parts.map((_, index) => `/${parts.slice(0, index + 1).join('-')}.slice`).join('');
}

function below(parent: string, name: string): string {
  return parent === '/' ? `/${name}` : `${parent}/${name}`;
}
