/** Steps that make and join namespaces. */
import type { NamespaceType, OciSpec } from '../oci/spec.js';
import { NAMESPACE_KINDS } from '../spec/namespaces.js';
import { O_RDONLY } from '../util/file-bits.js';
import type { PlanBuilder } from './builder.js';
import type { Donor, LaunchContext, ProcessRef } from './context.js';
import { CLONE_FLAGS, cloneFlags } from './clone-flags.js';

/** The namespaces that a spec asks for. */
export interface NamespacePlan {
  /** Flags of the new namespaces that the clone makes. */
  readonly cloneFlags: bigint;
  readonly isNew: (type: NamespaceType) => boolean;
  readonly has: (type: NamespaceType) => boolean;
}

/**
 * Namespaces that clone3(2) makes. Not `cgroup`, whose top must be the group that init has entered, and not `time`,
 * whose clocks are set first.
 */
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

/**
 * Slots of the donors' processes, by container id. Each donor is opened once, so that all that is taken from it is of
 * one run.
 */
export type DonorSlots = Map<string, number>;

/** The donors of namespaces, and the slots of those that are open already. */
export interface Joining {
  readonly donors: NonNullable<LaunchContext['donors']>;
  readonly opened: DonorSlots;
}

/**
 * Adds a step that opens the donor's process, unless it is open, and returns its slot. A later process with the same
 * pid cannot be mistaken for it.
 */
function openDonor(builder: PlanBuilder, { id, state }: Donor, opened: DonorSlots): number {
  const known = opened.get(id);
  if (known !== undefined) return known;
  const slot = builder.slot();
  builder.add('prepare', 'openDonor', { slot, id, state });
  opened.set(id, slot);
  return slot;
}

/**
 * Adds steps that join the namespaces that have a path: the PID namespace in the monitor (it takes effect for
 * children), the others in init. Several namespaces of one donor are joined at once.
 */
export function joinDonors(builder: PlanBuilder, spec: OciSpec, joining: Joining): void {
  for (const { slot, types } of openDonors(builder, spec, joining)) {
    const others = types.filter((type) => type !== 'pid');
    if (types.includes('pid')) builder.add('prepare', 'joinNamespaces', { slot, flags: CLONE_FLAGS.pid });
    if (others.length > 0) builder.add('init', 'joinNamespaces', { slot, flags: cloneFlags(others) });
  }
}

/**
 * Adds steps that join namespaces for a container in a user namespace, from which init could join only namespaces that
 * belong to it. So the monitor joins them, as its last steps before the clone, for its child to be born in, and returns
 * afterwards. It cannot return from a user namespace: the clone joins that in a process in between.
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

/** Namespaces that are joined together through one descriptor. */
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

/** Adds steps that make a new time namespace. Its clocks are set before the clone puts the first process into it. */
export function addTimeNamespace(builder: PlanBuilder, spec: OciSpec): void {
  builder.add('prepare', 'unshare', { flags: CLONE_FLAGS.time });
  for (const [clock, { secs = 0, nanosecs = 0 }] of Object.entries(spec.linux?.timeOffsets ?? {})) {
    if (secs === 0 && nanosecs === 0) continue;
    builder.add('prepare', 'timeOffset', { clock, seconds: BigInt(secs), nanoseconds: nanosecs });
  }
}

/**
 * Adds steps that copy a mount from a donor's mount namespace, without the mounts below it, and returns the slot of the
 * copy.
 */
export function takeFromDonor(
  builder: PlanBuilder,
  { donor, opened }: { readonly donor: Donor; readonly opened: DonorSlots },
  path: string,
): number {
  return takeMount(builder, openDonor(builder, donor, opened), path);
}

/**
 * Adds steps that copy a mount from a process's mount namespace, without the mounts below it, and returns the slot of
 * the copy.
 */
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

/** Adds a step by which the monitor writes the maps of a new user namespace, from outside. */
export function addIdMaps(builder: PlanBuilder, spec: OciSpec): void {
  const lines = (maps: NonNullable<OciSpec['linux']>['uidMappings'] = []): string =>
    maps.map(({ containerID, hostID, size }) => `${containerID} ${hostID} ${size}\n`).join('');
  builder.add('afterClone', 'idMaps', {
    uidMap: lines(spec.linux?.uidMappings),
    gidMap: lines(spec.linux?.gidMappings),
    denySetgroups: 0,
  });
}
