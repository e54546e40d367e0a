/** Steps that make, fill and enter the cgroups of a container. */
import { TspodError } from '../errors.js';
import type { LinuxResources } from '../oci/resources.js';
import { parentsOf } from '../util/paths.js';
import type { PlanBuilder } from './builder.js';
import { controllersOf, neededControllers, writersOf } from './cgroup-placement.js';
import type { CgroupWrite, Controller } from './cgroup-writes.js';
import type { CgroupDirectory, CgroupPlacement, OptionalResource } from './context.js';
import { deviceWrites } from './device-files.js';
import { deviceProgram } from './device-program.js';
import { O_DIRECTORY, O_PATH } from './flags.js';
import { NONE } from './ops.js';

/** A cgroup directory with the slot that its descriptor is in. */
export interface OpenCgroup {
  readonly directory: CgroupDirectory;
  readonly slot: number;
}

export interface CgroupRequest {
  readonly resources: LinuxResources;
  readonly optional: readonly OptionalResource[];
}

/** Controllers that a version 2 cgroup has enabled where they can be: counted and limited by default, or later by an update. */
const V2_DEFAULTS: readonly Controller[] = ['memory', 'pids', 'cpu'];

/** Makes all directories with their limits, in `prepare`, before anything is in them. */
export function createCgroups(
  builder: PlanBuilder,
  placement: CgroupPlacement,
  request: CgroupRequest,
): readonly OpenCgroup[] {
  return placement.directories.map((directory) => {
    if (directory.hierarchy.version === 2) enableControllers(builder, directory, request);
    const slot = builder.slot();
    builder.add('prepare', 'cgroupCreate', { slot, path: directory.path });
    limitCgroup(builder, { directory, slot }, request);
    if (guardsDevices(placement, directory)) limitDevices(builder, { directory, slot }, request.resources);
    return { directory, slot };
  });
}

/**
 * A version 2 cgroup has a controller only if all those above enable it for their children. What was asked for must succeed; defaults may
 * fail: a group that has processes of its own (the top one, in a container) cannot enable any.
 */
export function enableControllers(builder: PlanBuilder, directory: CgroupDirectory, request: CgroupRequest): void {
  const available = directory.hierarchy.controllers;
  const asked = askedControllers(request).filter((controller) => available.includes(controller));
  const others = V2_DEFAULTS.filter((controller) => available.includes(controller) && !asked.includes(controller));
  if (asked.length + others.length === 0) return;
  const { mountPoint } = directory.hierarchy;
  const levels = [mountPoint, ...parentsOf(directory.path.slice(mountPoint.length)).map((path) => mountPoint + path)];
  const slot = builder.slot();
  for (const [level, path] of levels.entries()) {
    if (level === 0) builder.add('prepare', 'openPath', { slot, path, flags: O_PATH | O_DIRECTORY });
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

/** Writes the limits that this hierarchy's controllers carry out, and what was given as whole files. */
export function limitCgroup(builder: PlanBuilder, { directory, slot }: OpenCgroup, request: CgroupRequest): void {
  const { hierarchy, path } = directory;
  const needed = neededControllers(request.resources);
  const own = controllersOf(hierarchy).filter((controller) => needed.includes(controller));
  // A version 1 cpuset begins empty, and nothing can enter an empty one.
  if (hierarchy.version === 1 && controllersOf(hierarchy).includes('cpuset'))
    builder.add('prepare', 'cpusetInherit', { path });
  for (const controller of own) {
    for (const one of writersOf(hierarchy)[controller](request.resources))
      addWrite(builder, slot, one, request.optional);
  }
  if (hierarchy.version === 2) addUnified(builder, { directory, slot }, request.resources.unified ?? {});
}

const OPTIONAL_FILES: Readonly<Record<OptionalResource, readonly string[]>> = {
  pids: ['pids.max'],
  swap: ['memory.memsw.limit_in_bytes', 'memory.swap.max'],
};

function addWrite(builder: PlanBuilder, slot: number, one: CgroupWrite, optional: readonly OptionalResource[]): void {
  const mayFail = one.optional === true || optional.some((resource) => OPTIONAL_FILES[resource].includes(one.file));
  const operands = { slot, name: one.file, value: one.value };
  if (mayFail) builder.try('prepare', 'writeFileAt', operands);
  else builder.add('prepare', 'writeFileAt', operands);
}

function addUnified(builder: PlanBuilder, { slot }: OpenCgroup, files: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(files)) builder.add('prepare', 'writeFileAt', { slot, name, value });
}

/** The controllers that whole files belong to: memory for memory.high. */
function unifiedControllers({ unified = {} }: LinuxResources): readonly string[] {
  return [...new Set(Object.keys(unified).map((name) => name.slice(0, name.indexOf('.'))))];
}

/** Whole files are for controllers that version 2 has; on a hybrid host version 1 has most of them. UNSUPPORTED_HOST names the controller. */
export function checkUnified(placement: CgroupPlacement | undefined, resources: LinuxResources): void {
  const hierarchies = (placement?.directories ?? []).filter(({ hierarchy }) => hierarchy.version === 2);
  for (const controller of unifiedControllers(resources)) {
    if (hierarchies.some(({ hierarchy }) => hierarchy.controllers.includes(controller))) continue;
    const message = `cannot write files of the controller ${controller}: this machine does not have it in cgroup v2`;
    throw new TspodError('UNSUPPORTED_HOST', message, { details: { controller } });
  }
}

/** The version 1 hierarchy of devices where there is one, else the version 2 one. */
function guardsDevices(placement: CgroupPlacement, directory: CgroupDirectory): boolean {
  const isV1 = ({ hierarchy }: CgroupDirectory): boolean =>
    hierarchy.version === 1 && hierarchy.controllers.includes('devices');
  return isV1(directory) || (directory.hierarchy.version === 2 && !placement.directories.some(isV1));
}

/** Version 1 has files for device rules; in version 2 a program stands guard. */
function limitDevices(builder: PlanBuilder, { directory, slot }: OpenCgroup, resources: LinuxResources): void {
  const rules = resources.devices ?? [];
  if (rules.length === 0) return;
  if (directory.hierarchy.version === 2) {
    builder.add('prepare', 'cgroupDevices', { slot, program: deviceProgram(rules) });
    return;
  }
  for (const { file, value } of deviceWrites(rules)) builder.add('prepare', 'writeFileAt', { slot, name: file, value });
}

/** The slot of the version 2 cgroup, into which the clone goes straight; NONE without one. */
export function cloneTarget(cgroups: readonly OpenCgroup[]): number {
  return cgroups.find(({ directory }) => directory.hierarchy.version === 2)?.slot ?? NONE;
}

/** Init enters the version 1 groups itself: a write of its one thread to `tasks` takes no lock that others wait for. */
export function enterCgroups(builder: PlanBuilder, cgroups: readonly OpenCgroup[]): void {
  for (const { directory, slot } of cgroups) {
    if (directory.hierarchy.version === 1) builder.add('init', 'cgroupEnter', { slot, file: 'tasks' });
  }
}

/** Tells the monitor where the kernel counts processes that it ended for lack of memory. */
export function countOomKills(builder: PlanBuilder, cgroups: readonly OpenCgroup[]): void {
  const found = cgroups.find(({ directory }) => directory.hierarchy.controllers.includes('memory'));
  if (found === undefined) return;
  const file = found.directory.hierarchy.version === 1 ? 'memory.oom_control' : 'memory.events';
  builder.add('settings', 'oomCounter', { slot: found.slot, file, key: 'oom_kill' });
}
