/** The controllers that a version 2 cgroup needs, and the steps that enable them. */
import type { LinuxResources } from '../oci/resources.js';
import { O_DIRECTORY, O_PATH } from '../util/file-bits.js';
import { parentsOf } from '../util/paths.js';
import type { PlanBuilder } from './builder.js';
import { neededControllers } from './cgroup-placement.js';
import type { Controller } from './cgroup-writes.js';
import type { CgroupDirectory, OptionalResource } from './context.js';

export interface CgroupRequest {
  readonly resources: LinuxResources;
  readonly optional: readonly OptionalResource[];
}

/** Controllers that are enabled where possible, for counts and default limits, or limits that an update sets later. */
const DEFAULT_CONTROLLERS: readonly Controller[] = ['memory', 'pids', 'cpu'];

/**
 * Controllers that systemd enables down to the groups that it has delegated. It does not know others, and leaves them
 * as they are.
 */
const DELEGATED_CONTROLLERS: readonly string[] = ['cpu', 'cpuset', 'io', 'memory', 'pids'];

/**
 * Adds steps that enable controllers for a version 2 cgroup, which has a controller only if all groups above enable it
 * for their children. Controllers of requested limits must be enabled; those of defaults may fail: a group that has
 * processes of its own (the top one, in a container) cannot enable any.
 */
export function enableControllers(builder: PlanBuilder, directory: CgroupDirectory, request: CgroupRequest): void {
  const { asked, others } = usedControllers(directory, request);
  const { mountPoint } = directory.hierarchy;
  const levels = [mountPoint, ...parentsOf(directory.path.slice(mountPoint.length)).map((path) => mountPoint + path)];
  if (directory.frame === undefined) {
    enableDown(builder, levels, { asked, others, make: true });
    return;
  }
  // Groups above the frame are their owner's to change, except for controllers that the owner does not know.
  const unknown = asked.filter((controller) => !DELEGATED_CONTROLLERS.includes(controller));
  enableDown(builder, levels.slice(0, -1), { asked: unknown, others: [], make: false });
  enableDown(builder, levels.slice(-1), { asked, others, make: false });
}

interface Controllers {
  /** Those of requested limits. */
  readonly asked: readonly string[];
  readonly others: readonly string[];
}

/** A container that may divide its group has the controllers that systemd uses, as far as they can be enabled. */
function usedControllers({ hierarchy, delegated }: CgroupDirectory, request: CgroupRequest): Controllers {
  const asked = askedControllers(request).filter((controller) => hierarchy.controllers.includes(controller));
  const wanted = delegated === undefined ? DEFAULT_CONTROLLERS : DELEGATED_CONTROLLERS;
  const others = wanted.filter((name) => hierarchy.controllers.includes(name) && !asked.includes(name));
  return { asked, others };
}

/** Adds steps that enable a group's controllers, where they can be enabled, for the groups in it. */
export function enableInside(
  builder: PlanBuilder,
  slot: number,
  { directory, request }: { readonly directory: CgroupDirectory; readonly request: CgroupRequest },
): void {
  const { asked, others } = usedControllers(directory, request);
  enableEach(builder, slot, [...asked, ...others]);
}

/** One by one: if one cannot be enabled (cpu, while there are real-time processes), the others still are. */
function enableEach(builder: PlanBuilder, slot: number, controllers: readonly string[]): void {
  for (const controller of controllers)
    builder.try('prepare', 'writeFileAt', { slot, name: 'cgroup.subtree_control', value: `+${controller}` });
}

interface Enabling extends Controllers {
  /** Whether missing groups below the first level are made. */
  readonly make: boolean;
}

function enableDown(builder: PlanBuilder, levels: readonly string[], { asked, others, make }: Enabling): void {
  if (asked.length + others.length === 0) return;
  const slot = builder.slot();
  for (const [level, path] of levels.entries()) {
    if (level === 0 || !make) builder.add('prepare', 'openPath', { slot, path, flags: O_PATH | O_DIRECTORY });
    else builder.add('prepare', 'cgroupCreate', { slot, path });
    const value = asked.map((controller) => `+${controller}`).join(' ');
    if (asked.length > 0) builder.add('prepare', 'writeFileAt', { slot, name: 'cgroup.subtree_control', value });
    enableEach(builder, slot, others);
  }
}

/** Returns the controllers of requested limits, whether given as limits or as whole files. */
function askedControllers({ resources, optional }: CgroupRequest): readonly string[] {
  const limits = neededControllers(resources).filter(
    (controller) => controller !== 'pids' || !optional.includes('pids'),
  );
  return [...new Set([...limits, ...unifiedControllers(resources)])];
}

/** Returns the controllers that whole files belong to: memory for memory.high. */
export function unifiedControllers({ unified = {} }: LinuxResources): readonly string[] {
  return [...new Set(Object.keys(unified).map((name) => name.slice(0, name.indexOf('.'))))];
}
