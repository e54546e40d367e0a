/** The cgroup directories of a container, and the hierarchies that it needs. */
import { TspodError } from '../errors.js';
import { hierarchyWith } from '../host/cgroup-layout.js';
import type { CgroupHierarchy, CgroupLayout } from '../host/cgroup-layout.js';
import type { LinuxResources } from '../oci/resources.js';
import { defined } from '../util/defined.js';
import { CONTROLLERS, V1_WRITES, v1Name, V2_WRITES } from './cgroup-writes.js';
import type { Controller } from './cgroup-writes.js';
import type { CgroupDirectory, CgroupFrame, CgroupPlacement, OptionalResource } from './context.js';

/**
 * Controllers of version 1 in whose hierarchies every container is: devices are guarded, processes counted and limited,
 * running out of memory noticed, CPU time accounted, and the freezer pauses. Others (cpu, cpuset, blkio, hugetlb) are
 * used only if a limit needs them: each costs a container's start and end a tenth of a millisecond.
 */
const V1_ALWAYS: readonly string[] = ['devices', 'pids', 'memory', 'freezer', 'cpuacct'];

/**
 * Controllers that are used together: a Java virtual machine looks for none of these limits unless it finds the groups
 * of all three.
 */
const READ_TOGETHER: readonly Controller[] = ['memory', 'cpu', 'cpuset'];

/** Hierarchy of version 1 in which systemd keeps its services, and which has no controllers. */
const SYSTEMD_HIERARCHY = 'name=systemd';

/** Name of the group below the container's in which a container is that may divide it. */
const DELEGATED = 'delegated';

export interface PlacementRequest {
  /** Path of the container's cgroup from the mount point of each hierarchy: linux.cgroupsPath. */
  readonly path: string;
  readonly resources: LinuxResources;
  readonly optional?: readonly OptionalResource[];
  /** Version 2: the frame that the group lies in, with paths from the mount point. */
  readonly frame?: CgroupFrame | undefined;
  /** Whether the container may divide its group. @default false */
  readonly delegate?: boolean;
  /** Limits of a group above: the container has to be in the hierarchies of these limits as well. @default none */
  readonly within?: LinuxResources;
  /**
   * Whether to use only the hierarchies that the limits need: because no process will be in the group itself, or has
   * seen that the others were missing.
   * @default false
   */
  readonly onlyLimits?: boolean;
}

/**
 * Returns the directories; undefined if this machine has no writable cgroup and no limit was requested. Throws
 * UNSUPPORTED_HOST for a requested limit whose controller is missing.
 */
export function placeCgroup(layout: CgroupLayout, request: PlacementRequest): CgroupPlacement | undefined {
  const needed = neededControllers(request.resources);
  const above = neededControllers(request.within ?? {});
  for (const controller of needed) requireController(layout, controller, request.optional ?? []);
  const writable = layout.hierarchies.filter((hierarchy) => !hierarchy.readOnly);
  const directories = writable
    .filter((hierarchy) =>
      request.onlyLimits === true
        ? controllersOf(hierarchy).some((controller) => needed.includes(controller))
        : hierarchy.version === 2 ||
          isNeededV1(hierarchy, withCompanions([...needed, ...above])) ||
          (request.delegate === true && hierarchy.controllers.includes(SYSTEMD_HIERARCHY)),
    )
    .map((hierarchy) => directoryIn(hierarchy, request));
  return directories.length === 0 ? undefined : { directories };
}

/** Returns the controllers that these resources need. */
export function neededControllers(resources: LinuxResources): readonly Controller[] {
  return CONTROLLERS.filter((controller) => isSet(resources, controller));
}

/**
 * Whether the resources have a limit of a controller. Decided by keys: the writers may refuse what one version cannot
 * do.
 */
function isSet(resources: LinuxResources, controller: Controller): boolean {
  switch (controller) {
    case 'memory':
      return Object.keys(resources.memory ?? {}).length > 0;
    case 'pids':
      return resources.pids !== undefined;
    case 'io':
      return Object.keys(resources.blockIO ?? {}).length > 0;
    case 'hugetlb':
      return (resources.hugepageLimits ?? []).length > 0;
    case 'cpuset':
      return resources.cpu?.cpus !== undefined || resources.cpu?.mems !== undefined;
    case 'cpu':
      return Object.keys(resources.cpu ?? {}).some((key) => key !== 'cpus' && key !== 'mems');
  }
}

function withCompanions(needed: readonly Controller[]): readonly Controller[] {
  return READ_TOGETHER.some((one) => needed.includes(one)) ? [...needed, ...READ_TOGETHER] : needed;
}

function isNeededV1(hierarchy: CgroupHierarchy, needed: readonly Controller[]): boolean {
  return hierarchy.controllers.some((name) => V1_ALWAYS.includes(name) || needed.some((one) => v1Name(one) === name));
}

function requireController(layout: CgroupLayout, controller: Controller, optional: readonly OptionalResource[]): void {
  if (controller === 'pids' && optional.includes('pids')) return;
  const hierarchy = controllerHierarchy(layout, controller);
  if (hierarchy !== undefined && !hierarchy.readOnly) return;
  const why = hierarchy === undefined ? 'has no such controller' : `has ${hierarchy.mountPoint} mounted read-only`;
  throw new TspodError('UNSUPPORTED_HOST', `cannot limit ${controller}: this machine ${why}`, {
    details: { controller },
  });
}

/** Returns the hierarchy of a controller, which may have another name in version 1. */
function controllerHierarchy(layout: CgroupLayout, controller: Controller): CgroupHierarchy | undefined {
  return hierarchyWith(layout, controller) ?? hierarchyWith(layout, v1Name(controller));
}

/** Returns the group that the container may divide; undefined in hierarchies that stay read-only for it. */
function delegatedPath({ version, controllers }: CgroupHierarchy, path: string): string | undefined {
  if (version === 2) return `${path}/${DELEGATED}`;
  // A named hierarchy has no limits to guard.
  return controllers.includes(SYSTEMD_HIERARCHY) ? path : undefined;
}

/** Returns the writers for a hierarchy's version. */
export function writersOf(hierarchy: CgroupHierarchy): typeof V1_WRITES {
  return hierarchy.version === 1 ? V1_WRITES : V2_WRITES;
}

/** Returns the controllers that a hierarchy has, by their names in version 2. */
export function controllersOf(hierarchy: CgroupHierarchy): readonly Controller[] {
  return CONTROLLERS.filter((controller) => {
    const name = hierarchy.version === 1 ? v1Name(controller) : controller;
    return hierarchy.controllers.includes(name);
  });
}

/** Returns the request's directory in one hierarchy. */
export function directoryIn(
  hierarchy: CgroupHierarchy,
  { path, frame, delegate = false }: Pick<PlacementRequest, 'path' | 'frame' | 'delegate'>,
): CgroupDirectory {
  const at = (below: string): string => (hierarchy.mountPoint === '/' ? below : `${hierarchy.mountPoint}${below}`);
  const delegated = delegate ? delegatedPath(hierarchy, at(path)) : undefined;
  const directory = { hierarchy, path: at(path), ...defined({ delegated }) };
  if (frame === undefined || hierarchy.version !== 2) return directory;
  const { home, others } = frame;
  const homed = home === undefined ? {} : { home: at(home) };
  return {
    ...directory,
    frame: { path: at(frame.path), monitor: at(frame.monitor), others, ...homed },
  };
}
