/** Which controllers a version 2 cgroup has enabled, and the steps that enable them. */
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

/** Enabled where they can be: counted and limited by default, or later by an update. */
const DEFAULTS: readonly Controller[] = ['memory', 'pids', 'cpu'];

/** Those that systemd enables down to what it has delegated. Others it does not know, and leaves as they are. */
const DELEGATED: readonly string[] = ['cpu', 'cpuset', 'io', 'memory', 'pids'];

/**
 * A version 2 cgroup has a controller only if all those above enable it for their children. What was asked for must succeed; defaults may
 * fail: a group that has processes of its own (the top one, in a container) cannot enable any.
 */
export function enableControllers(builder: PlanBuilder, directory: CgroupDirectory, request: CgroupRequest): void {
  const available = directory.hierarchy.controllers;
  const asked = askedControllers(request).filter((controller) => available.includes(controller));
  const others = DEFAULTS.filter((controller) => available.includes(controller) && !asked.includes(controller));
  const { mountPoint } = directory.hierarchy;
  const levels = [mountPoint, ...parentsOf(directory.path.slice(mountPoint.length)).map((path) => mountPoint + path)];
  if (directory.frame === undefined) {
    enableDown(builder, levels, { asked, others, make: true });
    return;
  }
  // What is above the frame is not ours to change, but for what its owner does not know.
  const unknown = asked.filter((controller) => !DELEGATED.includes(controller));
  enableDown(builder, levels.slice(0, -1), { asked: unknown, others: [], make: false });
  enableDown(builder, levels.slice(-1), { asked, others, make: false });
}

interface Enabling {
  readonly asked: readonly string[];
  readonly others: readonly string[];
  /** Levels below the first that are missing are made. */
  readonly make: boolean;
}

function enableDown(builder: PlanBuilder, levels: readonly string[], { asked, others, make }: Enabling): void {
  if (asked.length + others.length === 0) return;
  const slot = builder.slot();
  for (const [level, path] of levels.entries()) {
    if (level === 0 || !make) builder.add('prepare', 'openPath', { slot, path, flags: O_PATH | O_DIRECTORY });
    else builder.add('prepare', 'cgroupCreate', { slot, path });
    const enable = (value: string) => ({ slot, name: 'cgroup.subtree_control', value });
    if (asked.length > 0)
      builder.add('prepare', 'writeFileAt', enable(asked.map((controller) => `+${controller}`).join(' ')));
    // One by one: where one cannot be (cpu, while there are real-time processes) the others still are.
    for (const controller of others) builder.try('prepare', 'writeFileAt', enable(`+${controller}`));
  }
}

/** Those that something was asked of, by limits or by whole files. */
function askedControllers({ resources, optional }: CgroupRequest): readonly string[] {
  const limits = neededControllers(resources).filter(
    (controller) => controller !== 'pids' || !optional.includes('pids'),
  );
  return [...new Set([...limits, ...unifiedControllers(resources)])];
}

/** The controllers that whole files belong to: memory for memory.high. */
export function unifiedControllers({ unified = {} }: LinuxResources): readonly string[] {
  return [...new Set(Object.keys(unified).map((name) => name.slice(0, name.indexOf('.'))))];
}
