/** Steps that make, fill and enter the cgroups of a container. */
import { TspodError } from '../errors.js';
import type { LinuxResources } from '../oci/resources.js';
import { O_DIRECTORY, O_PATH } from '../util/file-bits.js';
import type { PlanBuilder } from './builder.js';
import { enableControllers, unifiedControllers, type CgroupRequest } from './cgroup-controllers.js';
import { delegateCgroup, type Delegation } from './cgroup-delegation.js';
import { controllersOf, neededControllers, writersOf } from './cgroup-placement.js';
import type { CgroupWrite } from './cgroup-writes.js';
import type { CgroupDirectory, CgroupFrame, CgroupPlacement, OptionalResource } from './context.js';
import { deviceWrites } from './device-files.js';
import { deviceProgram } from './device-program.js';
import { NONE } from './ops.js';

/** A cgroup directory, and the slots of its descriptor and of the group that the container's processes are in. */
export interface OpenCgroup {
  readonly directory: CgroupDirectory;
  readonly slot: number;
  readonly inside: number;
}

/** Adds steps, in `prepare`, that make all cgroup directories with their limits, before any process is in them. */
export function createCgroups(
  builder: PlanBuilder,
  placement: CgroupPlacement,
  { owner, ...request }: Delegation,
): readonly OpenCgroup[] {
  return placement.directories.map((directory) => {
    if (directory.frame !== undefined) clearFrame(builder, directory.frame);
    if (directory.hierarchy.version === 2) enableControllers(builder, directory, request);
    const slot = builder.slot();
    builder.add('prepare', 'cgroupCreate', { slot, path: directory.path });
    limitCgroup(builder, { directory, slot }, request);
    if (guardsDevices(placement, directory)) limitDevices(builder, { directory, slot }, request.resources);
    return { directory, slot, inside: delegateCgroup(builder, { directory, slot }, { owner, ...request }) };
  });
}

/** Adds steps that write the limits of this hierarchy's controllers, and the files that were given whole. */
export function limitCgroup(
  builder: PlanBuilder,
  { directory, slot }: Omit<OpenCgroup, 'inside'>,
  request: CgroupRequest,
): void {
  const { hierarchy, path } = directory;
  const needed = neededControllers(request.resources);
  const own = controllersOf(hierarchy).filter((controller) => needed.includes(controller));
  // A version 1 cpuset begins empty, and no process can enter an empty one.
  if (hierarchy.version === 1 && controllersOf(hierarchy).includes('cpuset'))
    builder.add('prepare', 'cpusetInherit', { path });
  for (const controller of own) {
    for (const one of writersOf(hierarchy)[controller](request.resources))
      addWrite(builder, slot, one, request.optional);
  }
  if (hierarchy.version === 2) addUnified(builder, slot, request.resources.unified ?? {});
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

function addUnified(builder: PlanBuilder, slot: number, files: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(files)) builder.add('prepare', 'writeFileAt', { slot, name, value });
}

/**
 * Checks that version 2 has the controllers of files that were given whole; on a hybrid host version 1 has most of
 * them. Throws UNSUPPORTED_HOST, which names the controller.
 */
export function checkUnified(placement: CgroupPlacement | undefined, resources: LinuxResources): void {
  const hierarchies = (placement?.directories ?? []).filter(({ hierarchy }) => hierarchy.version === 2);
  for (const controller of unifiedControllers(resources)) {
    if (hierarchies.some(({ hierarchy }) => hierarchy.controllers.includes(controller))) continue;
    const message = `cannot write files of the controller ${controller}: this machine does not have it in cgroup v2`;
    throw new TspodError('UNSUPPORTED_HOST', message, { details: { controller } });
  }
}

/**
 * Whether device rules go to this directory: the version 1 hierarchy of devices if there is one, else the version 2
 * hierarchy.
 */
function guardsDevices(placement: CgroupPlacement, directory: CgroupDirectory): boolean {
  const isV1 = ({ hierarchy }: CgroupDirectory): boolean =>
    hierarchy.version === 1 && hierarchy.controllers.includes('devices');
  return isV1(directory) || (directory.hierarchy.version === 2 && !placement.directories.some(isV1));
}

/** Adds the device rules. Version 1 has files for them, version 2 takes an eBPF program. */
function limitDevices(
  builder: PlanBuilder,
  { directory, slot }: Omit<OpenCgroup, 'inside'>,
  resources: LinuxResources,
): void {
  const rules = resources.devices ?? [];
  if (rules.length === 0) return;
  if (directory.hierarchy.version === 2) {
    builder.add('prepare', 'cgroupDevices', { slot, program: deviceProgram(rules) });
    return;
  }
  for (const { file, value } of deviceWrites(rules)) builder.add('prepare', 'writeFileAt', { slot, name: file, value });
}

/**
 * Adds steps that move the monitor and all other processes out of the frame: a group whose controllers are enabled
 * below it may hold no process.
 */
function clearFrame(builder: PlanBuilder, { monitor, others }: CgroupFrame): void {
  const slot = builder.slot();
  builder.add('prepare', 'cgroupCreate', { slot, path: monitor });
  const move = (value: string) => ({ slot, name: 'cgroup.procs', value });
  // 0 is the process that writes.
  builder.add('prepare', 'writeFileAt', move('0'));
  // Optional: a process may have ended meanwhile.
  for (const pid of others) builder.try('prepare', 'writeFileAt', move(String(pid)));
}

/** Adds steps that move the monitor back to the group that it was started in, if that still exists. */
export function leaveFrame(builder: PlanBuilder, placement: CgroupPlacement | undefined): void {
  for (const { frame } of placement?.directories ?? []) {
    if (frame?.home === undefined) continue;
    const slot = builder.slot();
    builder.try('started', 'openPath', { slot, path: frame.home, flags: O_PATH | O_DIRECTORY });
    builder.try('started', 'writeFileAt', { slot, name: 'cgroup.procs', value: '0' });
  }
}

/** Returns the slot of the version 2 cgroup, into which the clone makes its child; NONE without one. */
export function cloneTarget(cgroups: readonly OpenCgroup[]): number {
  return cgroups.find(({ directory }) => directory.hierarchy.version === 2)?.inside ?? NONE;
}

/**
 * Adds a step for a command in a container that may have divided its group: the command goes to the group that the
 * first process, in the slot, is in.
 */
export function cloneBeside(builder: PlanBuilder, slot: number, cgroups: readonly OpenCgroup[]): void {
  const found = cgroups.find(({ directory }) => directory.hierarchy.version === 2);
  if (found === undefined) return;
  const { mountPoint, mountRoot } = found.directory.hierarchy;
  const top = mountRoot === '/' ? '' : mountRoot;
  const { path, delegated = path } = found.directory;
  const below = mountPoint === '/' ? delegated : delegated.slice(mountPoint.length);
  builder.add('prepare', 'cloneBeside', { slot, group: `${top}${below}` });
}

/**
 * Adds a step by which the monitor moves its child into the version 2 group, which the child's cgroup namespace may not
 * show.
 */
export function putInCgroup(builder: PlanBuilder, cgroups: readonly OpenCgroup[]): void {
  const slot = cloneTarget(cgroups);
  if (slot !== NONE) builder.add('afterClone', 'cgroupEnter', { slot, file: 'cgroup.procs' });
}

/**
 * Adds steps by which init enters the version 1 groups itself: writing its one thread to `tasks` takes no lock that
 * others wait for.
 */
export function enterCgroups(builder: PlanBuilder, cgroups: readonly OpenCgroup[]): void {
  for (const { directory, inside } of cgroups) {
    if (directory.hierarchy.version === 1) builder.add('init', 'cgroupEnter', { slot: inside, file: 'tasks' });
  }
}

/** Adds a setting that tells the monitor where the kernel counts OOM kills. */
export function countOomKills(builder: PlanBuilder, cgroups: readonly OpenCgroup[]): void {
  const found = cgroups.find(({ directory }) => directory.hierarchy.controllers.includes('memory'));
  if (found === undefined) return;
  const file = found.directory.hierarchy.version === 1 ? 'memory.oom_control' : 'memory.events';
  builder.add('settings', 'oomCounter', { slot: found.slot, file, key: 'oom_kill' });
}
