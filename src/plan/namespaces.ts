/** Steps that make and join namespaces. */
import type { NamespaceType, OciSpec } from '../oci/spec.js';
import { NAMESPACE_KINDS } from '../spec/namespaces.js';
import { O_RDONLY } from '../util/file-bits.js';
import type { PlanBuilder } from './builder.js';
import type { Donor, LaunchContext, ProcessRef } from './context.js';
import { CLONE_FLAGS, cloneFlags } from './clone-flags.js';

/** What the namespaces of a spec ask for. */
export interface NamespacePlan {
  /** New ones, made by the clone. */
  readonly cloneFlags: bigint;
  readonly isNew: (type: NamespaceType) => boolean;
  readonly has: (type: NamespaceType) => boolean;
}

/** Those that clone3(2) makes: not `cgroup`, whose top must be the group that init has entered, and not `time`, whose clocks are set first. */
const MADE_BY_CLONE: readonly NamespaceType[] = ['user', 'mount', 'pid', 'network', 'ipc', 'uts'];

export function planNamespaces(spec: OciSpec): NamespacePlan {
  const namespaces = spec.linux?.namespaces ?? [];
  const made = new Set(namespaces.filter(({ path }) => path === undefined).map(({ type }) => type));
  return {
    cloneFlags: BigInt(cloneFlags(MADE_BY_CLONE.filter((type) => made.has(type)))),
    isNew: (type) => made.has(type),
    has: (type) => namespaces.some((namespace) => namespace.type === type),
  };
}

/** The donors of a plan, by id, and the slots with their processes. Each is opened once: all that is taken of it is of one life. */
export type DonorSlots = Map<string, number>;

/** What is joined, and the donors that are open by then. */
export interface Joining {
  readonly donors: NonNullable<LaunchContext['donors']>;
  readonly opened: DonorSlots;
}

/** A descriptor of the donor's process, which cannot be mistaken for a later one with the same number. */
function openDonor(builder: PlanBuilder, { id, state }: Donor, opened: DonorSlots): number {
  const known = opened.get(id);
  if (known !== undefined) return known;
  const slot = builder.slot();
  builder.add('prepare', 'openDonor', { slot, id, state });
  opened.set(id, slot);
  return slot;
}

/**
 * Joins the namespaces that have a path: that of PIDs in the monitor (it counts for children), the others in init. Several of one donor
 * are joined at once.
 */
export function joinDonors(builder: PlanBuilder, spec: OciSpec, joining: Joining): void {
  for (const { slot, types } of openDonors(builder, spec, joining)) {
    const others = types.filter((type) => type !== 'pid');
    if (types.includes('pid')) builder.add('prepare', 'joinNamespaces', { slot, flags: CLONE_FLAGS.pid });
    if (others.length > 0) builder.add('init', 'joinNamespaces', { slot, flags: cloneFlags(others) });
  }
}

/**
 * The same for a container that is in a user namespace: from within, init could join those alone that belong to it. So the monitor joins
 * them for its child to be born in, as its last steps before the clone, and goes back afterwards. A user namespace it cannot leave again: the
 * clone deals with that.
 */
export function joinDonorsOutside(builder: PlanBuilder, spec: OciSpec, joining: Joining): void {
  for (const { slot, types } of openDonors(builder, spec, joining)) {
    const others = types.filter((type) => type !== 'pid' && type !== 'user');
    if (types.includes('user')) builder.add('prepare', 'cloneInUserNamespace', { slot });
    if (types.includes('pid')) builder.add('prepare', 'joinNamespaces', { slot, flags: CLONE_FLAGS.pid });
    for (const type of others) goBack(builder, type);
    if (others.length > 0) builder.add('prepare', 'joinNamespaces', { slot, flags: cloneFlags(others) });
  }
}

function goBack(builder: PlanBuilder, type: NamespaceType): void {
  const own = builder.slot();
  const kind = NAMESPACE_KINDS.find((known) => known.type === type)?.proc ?? type;
  builder.add('prepare', 'openPath', { slot: own, path: `/proc/self/ns/${kind}`, flags: O_RDONLY });
  builder.add('afterClone', 'joinNamespaces', { slot: own, flags: CLONE_FLAGS[type] });
}

/** What is joined, each donor with a descriptor in a slot. */
interface OpenDonor {
  readonly slot: number;
  readonly types: readonly NamespaceType[];
}

function openDonors(builder: PlanBuilder, spec: OciSpec, { donors, opened }: Joining): readonly OpenDonor[] {
  const paths: OpenDonor[] = [];
  const containers = new Map<string, { readonly donor: Donor; readonly types: NamespaceType[] }>();
  for (const { type, path } of spec.linux?.namespaces ?? []) {
    if (path === undefined) continue;
    const donor = donors[type];
    if (donor === undefined) {
      const slot = builder.slot();
      builder.add('prepare', 'openPath', { slot, path, flags: O_RDONLY });
      paths.push({ slot, types: [type] });
      continue;
    }
    const entry = containers.get(donor.id) ?? { donor, types: [] };
    entry.types.push(type);
    containers.set(donor.id, entry);
  }
  const joined = [...containers.values()].map(({ donor, types }) => ({
    slot: openDonor(builder, donor, opened),
    types,
  }));
  return [...paths, ...joined];
}

/** A new time namespace: its clocks are set before the clone puts the first process into it. */
export function addTimeNamespace(builder: PlanBuilder, spec: OciSpec): void {
  builder.add('prepare', 'unshare', { flags: CLONE_FLAGS.time });
  for (const [clock, { secs = 0, nanosecs = 0 }] of Object.entries(spec.linux?.timeOffsets ?? {})) {
    if (secs === 0 && nanosecs === 0) continue;
    builder.add('prepare', 'timeOffset', { clock, seconds: BigInt(secs), nanoseconds: nanosecs });
  }
}

/** As takeFromProcess(). */
export function takeFromDonor(
  builder: PlanBuilder,
  { donor, opened }: { readonly donor: Donor; readonly opened: DonorSlots },
  path: string,
): number {
  return takeMount(builder, openDonor(builder, donor, opened), path);
}

/** Takes a copy of a mount out of a process's mount namespace, into a slot that is returned; what is mounted below it is left. */
export function takeFromProcess(builder: PlanBuilder, { pid, startTime }: ProcessRef, path: string): number {
  const process = builder.slot();
  builder.add('prepare', 'openProcess', { slot: process, pid, startTime });
  return takeMount(builder, process, path);
}

function takeMount(builder: PlanBuilder, process: number, path: string): number {
  const own = builder.slot();
  const taken = builder.slot();
  builder.add('prepare', 'openPath', { slot: own, path: '/proc/self/ns/mnt', flags: O_RDONLY });
  builder.add('prepare', 'joinNamespaces', { slot: process, flags: CLONE_FLAGS.mount });
  builder.add('prepare', 'openTree', { slot: taken, path, recursive: 0 });
  builder.add('prepare', 'joinNamespaces', { slot: own, flags: CLONE_FLAGS.mount });
  return taken;
}

/** Writes the maps of a new user namespace, from outside. */
export function addIdMaps(builder: PlanBuilder, spec: OciSpec): void {
  const lines = (maps: NonNullable<OciSpec['linux']>['uidMappings'] = []): string =>
    maps.map(({ containerID, hostID, size }) => `${containerID} ${hostID} ${size}\n`).join('');
  builder.add('afterClone', 'idMaps', {
    uidMap: lines(spec.linux?.uidMappings),
    gidMap: lines(spec.linux?.gidMappings),
    denySetgroups: 0,
  });
}
