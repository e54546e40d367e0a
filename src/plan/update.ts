/** Plans for execute() on the cgroups of a running container: freeze, thaw, change limits. */
import { TspodError } from '../errors.js';
import type { CgroupLayout } from '../host/cgroup-layout.js';
import type { LinuxResources } from '../oci/resources.js';
import { PlanBuilder } from './builder.js';
import { placeCgroup } from './cgroup-placement.js';
import { enableControllers } from './cgroup-controllers.js';
import { limitCgroup } from './cgroups.js';
import type { CgroupDirectory, CgroupPlacement } from './context.js';
import { O_DIRECTORY, O_PATH } from './flags.js';
import type { Plan } from './ops.js';

/** Stops all processes of the container, or lets them go on. NO_CGROUPS where it has no group that could. */
export function freezePlan(placement: CgroupPlacement | undefined, frozen: boolean): Plan {
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
}

export interface Update {
  readonly plan: Plan;
  /** The groups that the container is in afterwards, to be kept in its record. */
  readonly placement: CgroupPlacement;
}

/**
 * New limits for a running container. Throws NO_CGROUPS without a cgroup, UNSUPPORTED_HOST for a limit that this machine cannot keep. The
 * container is to be frozen while the plan runs if `pids` matter, so that none escapes by forking.
 */
export function updatePlan(request: UpdateRequest): Update {
  const { resources, layout, path, placement } = request;
  if (placement === undefined)
    throw new TspodError('NO_CGROUPS', 'the container has no cgroup: its limits cannot be changed');
  const wanted = placeCgroup(layout, { path, resources });
  const added = (wanted?.directories ?? []).filter(
    (directory) => !placement.directories.some((known) => known.path === directory.path),
  );
  const builder = new PlanBuilder();
  for (const directory of added) addGroup(builder, directory, request);
  for (const directory of placement.directories) changeGroup(builder, directory, resources);
  return { plan: builder.build(), placement: { directories: [...placement.directories, ...added] } };
}

function addGroup(builder: PlanBuilder, directory: CgroupDirectory, { resources, pids }: UpdateRequest): void {
  const slot = builder.slot();
  builder.add('prepare', 'cgroupCreate', { slot, path: directory.path });
  limitCgroup(builder, { directory, slot }, { resources, optional: [] });
  // One that has ended meanwhile is no error.
  for (const pid of pids) builder.try('prepare', 'writeFileAt', { slot, name: 'cgroup.procs', value: String(pid) });
}

function changeGroup(builder: PlanBuilder, directory: CgroupDirectory, resources: LinuxResources): void {
  if (directory.hierarchy.version === 2) enableControllers(builder, directory, { resources, optional: [] });
  const slot = builder.slot();
  builder.add('prepare', 'openPath', { slot, path: directory.path, flags: O_PATH | O_DIRECTORY });
  if (raisesMemory(directory, resources)) liftSwapLimit(builder, slot);
  limitCgroup(builder, { directory, slot }, { resources, optional: [] });
}

/** Version 1 keeps the limit of memory at or below that of memory and swap, which therefore has to be out of the way. */
function raisesMemory({ hierarchy }: CgroupDirectory, { memory }: LinuxResources): boolean {
  return hierarchy.version === 1 && hierarchy.controllers.includes('memory') && memory?.limit !== undefined;
}

function liftSwapLimit(builder: PlanBuilder, slot: number): void {
  builder.try('prepare', 'writeFileAt', { slot, name: 'memory.memsw.limit_in_bytes', value: '-1' });
}
