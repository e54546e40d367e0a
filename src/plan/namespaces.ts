/** Steps that make and join namespaces. */
import type { NamespaceType, OciNamespace, OciSpec } from '../oci/spec.js';
import type { PlanBuilder } from './builder.js';
import type { LaunchContext, ProcessRef } from './context.js';
import { CLONE_FLAGS, cloneFlags, O_RDONLY } from './flags.js';

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

/**
 * Joins the namespaces that have a path: that of PIDs in the monitor (it counts for children), the others in init. Several of one donor
 * are joined at once through a descriptor of its process, which cannot be mistaken for a later one with the same number.
 */
export function joinDonors(builder: PlanBuilder, spec: OciSpec, donors: LaunchContext['donors'] = {}): void {
  const joined = (spec.linux?.namespaces ?? []).filter(({ path }) => path !== undefined);
  const byProcess = new Map<string, { readonly donor: ProcessRef; readonly types: NamespaceType[] }>();
  for (const namespace of joined) {
    const donor = donors[namespace.type];
    if (donor === undefined) {
      joinPath(builder, namespace);
      continue;
    }
    const key = `${donor.pid} ${donor.startTime}`;
    const entry = byProcess.get(key) ?? { donor, types: [] };
    entry.types.push(namespace.type);
    byProcess.set(key, entry);
  }
  for (const { donor, types } of byProcess.values()) joinProcess(builder, donor, types);
}

function joinPath(builder: PlanBuilder, { type, path = '' }: OciNamespace): void {
  const slot = builder.slot();
  builder.add('prepare', 'openPath', { slot, path, flags: O_RDONLY });
  join(builder, slot, [type]);
}

function joinProcess(builder: PlanBuilder, donor: ProcessRef, types: readonly NamespaceType[]): void {
  const slot = builder.slot();
  builder.add('prepare', 'openProcess', { slot, pid: donor.pid, startTime: donor.startTime });
  join(builder, slot, types);
}

function join(builder: PlanBuilder, slot: number, types: readonly NamespaceType[]): void {
  const others = types.filter((type) => type !== 'pid');
  if (types.includes('pid')) builder.add('prepare', 'joinNamespaces', { slot, flags: CLONE_FLAGS.pid });
  if (others.length > 0) builder.add('init', 'joinNamespaces', { slot, flags: cloneFlags(others) });
}

/** A new time namespace: its clocks are set before the clone puts the first process into it. */
export function addTimeNamespace(builder: PlanBuilder, spec: OciSpec): void {
  builder.add('prepare', 'unshare', { flags: CLONE_FLAGS.time });
  for (const [clock, { secs = 0, nanosecs = 0 }] of Object.entries(spec.linux?.timeOffsets ?? {})) {
    if (secs === 0 && nanosecs === 0) continue;
    builder.add('prepare', 'timeOffset', { clock, seconds: BigInt(secs), nanoseconds: nanosecs });
  }
}

/** Takes the donor's /dev/shm out of its mount namespace, into a slot that is returned. */
export function takeDonorShm(builder: PlanBuilder, donor: ProcessRef): number {
  return takeFromProcess(builder, donor, '/dev/shm');
}

/** Takes a copy of a mount out of a process's mount namespace, into a slot that is returned; what is mounted below it is left. */
export function takeFromProcess(builder: PlanBuilder, donor: ProcessRef, path: string): number {
  const own = builder.slot();
  const process = builder.slot();
  const taken = builder.slot();
  builder.add('prepare', 'openPath', { slot: own, path: '/proc/self/ns/mnt', flags: O_RDONLY });
  builder.add('prepare', 'openProcess', { slot: process, pid: donor.pid, startTime: donor.startTime });
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
