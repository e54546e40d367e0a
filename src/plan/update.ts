/** Plans for execute() that freeze a running container, thaw it, and change its limits. */
import { TspodError } from '../errors.js';
import type { CgroupLayout } from '../host/cgroup-layout.js';
import type { LinuxResources } from '../oci/resources.js';
import { O_DIRECTORY, O_PATH } from '../util/file-bits.js';
import { PlanBuilder } from './builder.js';
import { placeCgroup } from './cgroup-placement.js';
import { enableControllers, type CgroupRequest } from './cgroup-controllers.js';
import { limitCgroup } from './cgroups.js';
import type { CgroupDirectory, CgroupPlacement, OptionalResource } from './context.js';
import type { Plan } from './ops.js';

/**
 * Returns a plan that freezes or thaws all processes of the container. Throws NO_CGROUPS if it has no cgroup that can
 * be frozen.
 */
export function freezePlan(placement: CgroupPlacement | undefined, { frozen }: { readonly frozen: boolean }): Plan {
  const directory = freezer(placement);
  if (directory === undefined) throw new TspodError('NO_CGROUPS', 'the container has no cgroup that can be frozen');
  const builder = new PlanBuilder();
  const slot = builder.slot();
  builder.add('prepare', 'openPath', { slot, path: directory.path, flags: O_PATH | O_DIRECTORY });
  const write =
    directory.hierarchy.version === 1
      ? { name: 'freezer.state', value: frozen ? 'FROZEN' : 'THAWED' }
      : { name: 'cgroup.freeze', value: frozen ? '1' : '0' };
  builder.add('prepare', 'writeFileAt', { slot, ...write });
  return builder.build();
}

/** Version 1: returns a plan that thaws these groups, some of which may be gone. */
export function thawPlan(groups: readonly string[]): Plan {
  const builder = new PlanBuilder();
  const slot = builder.slot();
  for (const path of groups) {
    builder.try('prepare', 'openPath', { slot, path, flags: O_PATH | O_DIRECTORY });
    builder.try('prepare', 'writeFileAt', { slot, name: 'freezer.state', value: 'THAWED' });
  }
  return builder.build();
}

/** Returns the file that shows whether the container is frozen, and the line that the file has if it is. */
export function frozenFile(
  placement: CgroupPlacement | undefined,
): { readonly path: string; readonly line: string } | undefined {
  const directory = freezer(placement);
  if (directory === undefined) return undefined;
  return directory.hierarchy.version === 1
    ? { path: `${directory.path}/freezer.state`, line: 'FROZEN' }
    : { path: `${directory.path}/cgroup.events`, line: 'frozen 1' };
}

/**
 * Returns the file that freezes the container, and its content while the container is not frozen or about to be; both
 * '' without a cgroup that can be frozen.
 */
export function thawedFile(placement: CgroupPlacement | undefined): {
  readonly freezer: string;
  readonly thawed: string;
} {
  const directory = freezer(placement);
  if (directory === undefined) return { freezer: '', thawed: '' };
  return directory.hierarchy.version === 1
    ? { freezer: `${directory.path}/freezer.state`, thawed: 'THAWED' }
    : { freezer: `${directory.path}/cgroup.freeze`, thawed: '0' };
}

/**
 * Returns the directory that can freeze the container: the freezer of version 1 if the container is in one, else the
 * version 2 group, which can be frozen unless it is the top one.
 */
function freezer(placement: CgroupPlacement | undefined): CgroupDirectory | undefined {
  const directories = placement?.directories ?? [];
  return (
    directories.find(({ hierarchy }) => hierarchy.controllers.includes('freezer')) ??
    directories.find(({ hierarchy }) => hierarchy.version === 2)
  );
}

export interface UpdateRequest {
  /** The limits that change, and no others. */
  readonly resources: LinuxResources;
  readonly placement: CgroupPlacement | undefined;
  readonly layout: CgroupLayout;
  /** linux.cgroupsPath. */
  readonly path: string;
  /**
   * Pids of the container's processes, which are moved if a limit needs a hierarchy that the container is not in yet.
   */
  readonly pids: readonly number[];
  /** Limits that were not requested: one that cannot be set is left out. @default none */
  readonly optional?: readonly OptionalResource[];
}

/** A file of an existing group, and the value that is written to it. */
export interface ChangedFile {
  readonly directory: CgroupDirectory;
  readonly name: string;
  readonly value: string;
}

export interface Update {
  readonly plan: Plan;
  /** Groups that the plan makes, and to which it moves the processes. */
  readonly added: readonly CgroupDirectory[];
  readonly changed: readonly ChangedFile[];
}

/**
 * Returns a plan that sets new limits for a running container: first in the groups that it is in, then in those that it
 * needs from now on. Processes are moved last, so that a limit that is refused leaves none in a new group. Throws
 * NO_CGROUPS without a cgroup, UNSUPPORTED_HOST for a limit that this machine does not support. If groups are added,
 * the container must be frozen while the plan runs, so that no process escapes by forking.
 */
export function updatePlan(request: UpdateRequest): Update {
  const { resources, layout, path, placement, pids, optional = [] } = request;
  if (placement === undefined)
    throw new TspodError('NO_CGROUPS', 'the container has no cgroup: its limits cannot be changed');
  const wanted = placeCgroup(layout, { path, resources, optional, onlyLimits: true });
  const added = (wanted?.directories ?? []).filter(
    (directory) => !placement.directories.some((known) => known.path === directory.path),
  );
  const builder = new PlanBuilder();
  const slots = placement.directories.map((directory) => changeGroup(builder, directory, { resources, optional }));
  const changed = changedFiles(builder.build(), slots);
  const made = added.map((directory) => addGroup(builder, directory, { resources, optional }));
  for (const slot of made) {
    // Optional: a process may have ended meanwhile.
    for (const pid of pids) builder.try('prepare', 'writeFileAt', { slot, name: 'cgroup.procs', value: String(pid) });
  }
  return { plan: builder.build(), added, changed };
}

interface GroupSlot {
  readonly directory: CgroupDirectory;
  readonly slot: number;
}

function changedFiles({ steps }: Plan, slots: readonly GroupSlot[]): readonly ChangedFile[] {
  return steps.flatMap((step) => {
    if (step.op !== 'writeFileAt') return [];
    const group = slots.find(({ slot }) => slot === step.slot);
    return group === undefined ? [] : [{ directory: group.directory, name: step.name, value: step.value }];
  });
}

function addGroup(builder: PlanBuilder, directory: CgroupDirectory, limits: CgroupRequest): number {
  const slot = builder.slot();
  builder.add('prepare', 'cgroupCreate', { slot, path: directory.path });
  limitCgroup(builder, { directory, slot }, limits);
  return slot;
}

function changeGroup(builder: PlanBuilder, directory: CgroupDirectory, limits: CgroupRequest): GroupSlot {
  if (directory.hierarchy.version === 2) enableControllers(builder, directory, limits);
  const slot = builder.slot();
  builder.add('prepare', 'openPath', { slot, path: directory.path, flags: O_PATH | O_DIRECTORY });
  if (raisesMemory(directory, limits.resources)) liftSwapLimit(builder, slot);
  limitCgroup(builder, { directory, slot }, limits);
  return { directory, slot };
}

/**
 * Whether the memory limit of version 1 changes. The kernel keeps it at or below the limit of memory and swap, which
 * therefore has to be lifted first.
 */
function raisesMemory({ hierarchy }: CgroupDirectory, { memory }: LinuxResources): boolean {
  return hierarchy.version === 1 && hierarchy.controllers.includes('memory') && memory?.limit !== undefined;
}

function liftSwapLimit(builder: PlanBuilder, slot: number): void {
  builder.try('prepare', 'writeFileAt', { slot, name: SWAP_LIMIT, value: '-1' });
}

const SWAP_LIMIT = 'memory.memsw.limit_in_bytes';

/** Returns what a file holds before an update; undefined if the file does not exist, which is then left out. */
export type ReadChanged = (path: string) => string | undefined;

/**
 * Returns the plan that undoes an update: each file gets back what it holds now. Made before the update. Steps that
 * fail are ignored.
 */
export function restorePlan({ changed }: Pick<Update, 'changed'>, read: ReadChanged): Plan {
  const builder = new PlanBuilder();
  for (const { directory, name, value } of changed) {
    const content = read(`${directory.path}/${name}`);
    if (content === undefined) continue;
    const slot = builder.slot();
    builder.try('prepare', 'openPath', { slot, path: directory.path, flags: O_PATH | O_DIRECTORY });
    // The swap limit is lifted first, so that it does not keep the memory limit from being restored.
    builder.try('prepare', 'writeFileAt', {
      slot,
      name,
      value: name === SWAP_LIMIT && value === '-1' ? value : previousValue(content, { name, value }),
    });
  }
  return builder.build();
}

/**
 * Returns what to write to restore a file's previous value: the line of the device in files with a line for each
 * device, else the first line.
 */
export function previousValue(content: string, { name, value }: Pick<ChangedFile, 'name' | 'value'>): string {
  const lines = content.split('\n');
  const device = /^\d+:\d+(?= )/.exec(value)?.[0];
  if (device === undefined) return lines[0] ?? '';
  return lines.find((line) => line.startsWith(`${device} `)) ?? `${device} ${noLimit(name)}`;
}

function noLimit(file: string): string {
  if (file === 'io.max') return 'rbps=max wbps=max riops=max wiops=max';
  return file === 'io.weight' ? 'default' : '0';
}
