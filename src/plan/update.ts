/** Plans for execute() on the cgroups of a running container: freeze, thaw, change limits. */
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

/** Stops all processes of the container, or lets them go on. NO_CGROUPS where it has no group that could. */
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

/** Version 1: lets go on what is in these groups, of which some may be gone. */
export function thawPlan(groups: readonly string[]): Plan {
  const builder = new PlanBuilder();
  const slot = builder.slot();
  for (const path of groups) {
    builder.try('prepare', 'openPath', { slot, path, flags: O_PATH | O_DIRECTORY });
    builder.try('prepare', 'writeFileAt', { slot, name: 'freezer.state', value: 'THAWED' });
  }
  return builder.build();
}

/** The file that says whether the container is frozen, and the line in it that says so. */
export function frozenFile(
  placement: CgroupPlacement | undefined,
): { readonly path: string; readonly line: string } | undefined {
  const directory = freezer(placement);
  if (directory === undefined) return undefined;
  return directory.hierarchy.version === 1
    ? { path: `${directory.path}/freezer.state`, line: 'FROZEN' }
    : { path: `${directory.path}/cgroup.events`, line: 'frozen 1' };
}

/** The file that was written to, and what it holds while the container is not frozen and nobody is about to freeze it; '' without one. */
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

/** The freezer of version 1 where the container is in one; every version 2 group but a top one can be frozen. */
function freezer(placement: CgroupPlacement | undefined): CgroupDirectory | undefined {
  const directories = placement?.directories ?? [];
  return (
    directories.find(({ hierarchy }) => hierarchy.controllers.includes('freezer')) ??
    directories.find(({ hierarchy }) => hierarchy.version === 2)
  );
}

export interface UpdateRequest {
  /** Only what is to change. */
  readonly resources: LinuxResources;
  readonly placement: CgroupPlacement | undefined;
  readonly layout: CgroupLayout;
  /** linux.cgroupsPath. */
  readonly path: string;
  /** Pids of the container's processes: they are moved where a limit needs a hierarchy that the container is not in yet. */
  readonly pids: readonly number[];
  /** Limits that nobody asked for: one that cannot be set is left out. @default none */
  readonly optional?: readonly OptionalResource[];
}

/** A file of a group that is there already, and what is going to be written to it. */
export interface ChangedFile {
  readonly directory: CgroupDirectory;
  readonly name: string;
  readonly value: string;
}

export interface Update {
  readonly plan: Plan;
  /** Groups that the plan makes and moves the processes to. */
  readonly added: readonly CgroupDirectory[];
  readonly changed: readonly ChangedFile[];
}

/**
 * New limits for a running container: for the groups that it is in, then for those that it needs from now on; processes are moved last,
 * so that a limit that is refused leaves none in a new group. Throws NO_CGROUPS without a cgroup, UNSUPPORTED_HOST for a limit that this
 * machine cannot keep. The container is to be frozen while the plan runs if groups are added, so that no process escapes by forking.
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
    // One that has ended meanwhile is no error.
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

/** Version 1 keeps the limit of memory at or below that of memory and swap, which therefore has to be out of the way. */
function raisesMemory({ hierarchy }: CgroupDirectory, { memory }: LinuxResources): boolean {
  return hierarchy.version === 1 && hierarchy.controllers.includes('memory') && memory?.limit !== undefined;
}

function liftSwapLimit(builder: PlanBuilder, slot: number): void {
  builder.try('prepare', 'writeFileAt', { slot, name: SWAP_LIMIT, value: '-1' });
}

const SWAP_LIMIT = 'memory.memsw.limit_in_bytes';

/** What the files held before an update; a file that is not there is left out. */
export type ReadChanged = (path: string) => string | undefined;

/** The plan that takes an update back, made before it: each file gets again what it holds now. Steps that fail are passed over. */
export function restorePlan({ changed }: Pick<Update, 'changed'>, read: ReadChanged): Plan {
  const builder = new PlanBuilder();
  for (const { directory, name, value } of changed) {
    const content = read(`${directory.path}/${name}`);
    if (content === undefined) continue;
    const slot = builder.slot();
    builder.try('prepare', 'openPath', { slot, path: directory.path, flags: O_PATH | O_DIRECTORY });
    // A swap limit that is lifted first keeps no memory limit from coming back.
    builder.try('prepare', 'writeFileAt', {
      slot,
      name,
      value: name === SWAP_LIMIT && value === '-1' ? value : previousValue(content, { name, value }),
    });
  }
  return builder.build();
}

/** Files with a line for each device get back the line of theirs, others their first line. */
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
