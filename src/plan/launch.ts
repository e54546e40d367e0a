/**
 * Compiles an OCI spec to the plan that the monitor carries out. In the order of a launch:
 *
 * settings      how to supervise
 * prepare       monitor, on the host: cgroups with their limits, descriptors that init needs; clone
 * init          enters the cgroups, completes the namespaces, mounts the root on its staging directory and everything
 *               below it, awaits hooks; then the root becomes "/"; the gate; drops privileges; runs the container's
 *               own hooks; exec
 * network       monitor, meanwhile: connects the networks
 * afterClone    monitor, when init awaits it: identity maps, and mounts that need the host's privileges
 * beforePivot   monitor, when init awaits it: hooks that see both sides
 * started       monitor: poststart hooks
 * teardown      monitor: undoes all of it when the container has ended
 * sweep         monitor: slow parts of that, when nobody waits any more
 */
import { TspodError } from '../errors.js';
import { MOUNT_ATTR, MS, propagationFlags } from '../oci/mount-options.js';
import type { OciMount, OciProcess, OciSpec } from '../oci/spec.js';
import { sysctlPath } from '../spec/confinement/sysctls.js';
import { PlanBuilder, stageIndex } from './builder.js';
import {
  checkUnified,
  cloneTarget,
  countOomKills,
  createCgroups,
  enterCgroups,
  leaveFrame,
  putInCgroup,
} from './cgroups.js';
import type { OpenCgroup } from './cgroups.js';
import type { Donor, LaunchContext } from './context.js';
import { addDevices } from './devices.js';
import { CLONE_FLAGS } from './clone-flags.js';
import { addExtendedFiles } from './extended-files.js';
import { addHealth } from './health.js';
import { addHooks, tryHooks } from './hooks.js';
import type { HookState } from './hooks.js';
import { addMounts } from './mounts.js';
import {
  addIdMaps,
  addTimeNamespace,
  joinDonors,
  joinDonorsOutside,
  planNamespaces,
  takeFromDonor,
} from './namespaces.js';
import type { DonorSlots, Joining, NamespacePlan } from './namespaces.js';
import { NONE } from './ops.js';
import { attachNetworks, holdNetwork } from './network/attach.js';
import type { Plan } from './ops.js';
import { addDrop, addLimits, addProgram, addRaisedLimits, addUser } from './process.js';
import type { ProcessContext } from './process.js';
import { addRoot, enterPrivateMounts, leavePrivateMounts, stagingDirectory } from './root.js';
import { addContainerSettings, exposeFds, takeExtraFds, type TakenFd } from './settings.js';
import { addTeardown } from './teardown.js';

/** State that is shared by the functions that add the parts of a launch to its plan. */
interface Launch {
  readonly builder: PlanBuilder;
  readonly spec: OciSpec;
  readonly process: OciProcess;
  readonly context: LaunchContext;
  readonly namespaces: NamespacePlan;
  readonly state: HookState;
  readonly cgroups: readonly OpenCgroup[];
  /** Slot of the container's user namespace; NONE without one of its own. */
  readonly usernsSlot: number;
  /** Slot of the container's network namespace, if it is connected to any network; NONE otherwise. */
  readonly networkSlot: number;
  readonly rootSlot: number;
  readonly mountSlot: number;
  readonly devSlot: number;
  /** The donors that the steps so far have opened. */
  readonly donorSlots: DonorSlots;
  readonly extraFds: readonly TakenFd[];
}

/** Returns the whole plan of a container's launch. Throws TspodError if the spec asks for what is not possible. */
export function launchPlan(spec: OciSpec, context: LaunchContext): Plan {
  const launch = beginLaunch(spec, context);
  const { builder } = launch;
  addContainerSettings(builder, context, launch.process.terminal === true);
  if (context.health !== undefined) addHealth(builder, context.health);
  countOomKills(builder, launch.cgroups);
  addNetwork(launch);
  addNamespaces(launch);
  addFileSystem(launch);
  addClone(launch);
  addKernelSettings(launch);
  addPivot(launch);
  addCommand(launch);
  leaveFrame(builder, context.cgroup);
  tryHooks(builder, spec.hooks?.poststart, { stage: 'started', status: 'running', state: launch.state });
  addTeardown(builder, {
    id: context.id,
    cgroup: context.cgroup,
    ...context.teardown,
    ...(launch.networkSlot === NONE || context.network === undefined
      ? {}
      : { network: context.network, namespaceSlot: launch.networkSlot }),
  });
  return builder.build();
}

function beginLaunch(spec: OciSpec, context: LaunchContext): Launch {
  if (spec.process === undefined) throw new TspodError('INVALID_ARGUMENT', 'the spec names no process');
  const builder = new PlanBuilder();
  const namespaces = planNamespaces(spec);
  checkNamespaces(namespaces);
  const resources = spec.linux?.resources ?? {};
  checkUnified(context.cgroup, resources);
  const optional = context.optionalResources ?? [];
  return {
    builder,
    spec,
    process: spec.process,
    context,
    namespaces,
    state: { id: context.id, bundle: context.runDirectory, annotations: spec.annotations ?? {} },
    cgroups:
      context.cgroup === undefined
        ? []
        : createCgroups(builder, context.cgroup, { resources, optional, owner: context.rootIds }),
    usernsSlot: namespaces.has('user') ? builder.slot() : NONE,
    networkSlot: context.network !== undefined && namespaces.isNew('network') ? builder.slot() : NONE,
    rootSlot: builder.slot(),
    mountSlot: builder.slot(),
    devSlot: builder.slot(),
    donorSlots: new Map(),
    extraFds: takeExtraFds(builder, context.extraFds),
  };
}

function checkNamespaces(namespaces: NamespacePlan): void {
  if (!namespaces.isNew('mount'))
    throw new TspodError('NOT_SUPPORTED', 'a container needs a mount namespace of its own');
}

/**
 * Adds the container's networks. The network namespace is made before the container, which is put into it, also after a
 * restart; but a network namespace that belongs to a user namespace is made together with that. The networks are
 * connected while init is at work, and init waits for that before it goes on to steps that may use them.
 */
function addNetwork({ builder, context, usernsSlot, networkSlot }: Launch): void {
  if (context.network === undefined || networkSlot === NONE) return;
  holdNetwork(builder, context.id, context.network);
  if (usernsSlot === NONE) {
    builder.add('prepare', 'networkNamespace', { slot: networkSlot });
    builder.add('init', 'joinNamespaces', { slot: networkSlot, flags: CLONE_FLAGS.network });
  } else builder.add('network', 'openChildNamespace', { slot: networkSlot, kind: 'net' });
  attachNetworks(builder, { ...context.network, id: context.id, namespaceSlot: networkSlot });
}

/**
 * Adds init's first steps. Cgroups are entered while init is still the host's root, and before the cgroup namespace is
 * made, whose top they become.
 */
function addNamespaces(launch: Launch): void {
  const { builder, spec, process, namespaces, cgroups, usernsSlot } = launch;
  enterCgroups(builder, cgroups);
  if (namespaces.isNew('cgroup')) builder.add('init', 'unshare', { flags: CLONE_FLAGS.cgroup });
  if (usernsSlot === NONE) joinDonors(builder, spec, joiningOf(launch));
  if (namespaces.isNew('time')) addTimeNamespace(builder, spec);
  if (usernsSlot === NONE) return;
  if (namespaces.isNew('user')) addIdMaps(builder, spec);
  addRaisedLimits(builder, process, 'afterClone');
  builder.add('afterClone', 'openChildNamespace', { slot: usernsSlot, kind: 'user' });
  builder.add('init', 'awaitStage', { awaited: stageIndex('afterClone'), gate: 0 });
}

function joiningOf({ context: { donors = {} }, donorSlots }: Launch): Joining {
  return { donors, opened: donorSlots };
}

/** Adds the steps that mount the root on its staging directory, and make everything below it. */
function addFileSystem(launch: Launch): void {
  const { builder, spec, context, namespaces, rootSlot, mountSlot, usernsSlot } = launch;
  const mountLabel = spec.linux?.mountLabel;
  // Mounts that are made from here on must not propagate to the host.
  builder.add('init', 'rootPropagation', { flags: MS.PRIVATE | MS.REC });
  addRoot(builder, { slot: rootSlot, root: context.root, staging: stagingDirectory(context), usernsSlot, mountLabel });
  // Only the host's root may enter the staging directory; what lies below belongs to the namespace's root.
  if (usernsSlot !== NONE) builder.add('init', 'becomeNamespaceRoot', {});
  addExtendedFiles(builder, context.extendedFiles ?? [], { rootSlot, usernsSlot });
  for (const link of context.links ?? []) builder.try('init', 'makeSymlink', { rootSlot, ...link });
  addMounts(builder, spec, {
    rootSlot,
    slot: mountSlot,
    devSlot: launch.devSlot,
    usernsSlot,
    cgroup: context.cgroup,
    ownCgroupNamespace: namespaces.isNew('cgroup'),
    hostCgroupNamespace: !namespaces.has('cgroup'),
    donated: takeDonated(launch),
    mountLabel,
    mountLayers: context.mountLayers ?? new Map<string, never>(),
    sourcePlaces: context.sourcePlaces ?? new Map<string, never>(),
    vanishingBinds: context.vanishingBinds ?? new Set<never>(),
    staging: stagingDirectory(context),
  });
  addDevices(builder, spec, {
    rootSlot,
    slot: mountSlot,
    bind: usernsSlot !== NONE,
    sources: context.deviceSources,
  });
  addTerminal(launch);
  sealDev(launch);
  for (const path of spec.linux?.readonlyPaths ?? []) builder.add('init', 'readonlyPath', { rootSlot, path });
  for (const path of spec.linux?.maskedPaths ?? []) builder.add('init', 'maskPath', { rootSlot, path });
}

/**
 * Adds steps that take the mounts that the container gets from its donors, and returns their slots by destination.
 * /dev/shm is taken because shared memory lies in the mount. The others are taken with a user namespace, where a
 * process may not mount a file system about a namespace that does not belong to it.
 */
function takeDonated({ builder, spec, context, usernsSlot, donorSlots: opened }: Launch): ReadonlyMap<string, number> {
  const { donors = {}, shmDonor } = context;
  const within = usernsSlot !== NONE;
  const sources: readonly (readonly [string, Donor | undefined])[] = [
    ['/dev/shm', shmDonor],
    ['/dev/mqueue', within ? donors.ipc : undefined],
    ['/proc', within ? donors.pid : undefined],
    ['/sys', within ? donors.network : undefined],
  ];
  const ofTheKernel = ({ type = '', source }: OciMount) =>
    ['proc', 'mqueue', 'tmpfs'].includes(type) || source === '/sys';
  const wanted = new Set(spec.mounts?.filter(ofTheKernel).map(({ destination }) => destination));
  return new Map(
    sources.flatMap(([path, donor]) =>
      donor === undefined || !wanted.has(path)
        ? []
        : [[path, takeFromDonor(builder, { donor, opened }, path)] as const],
    ),
  );
}

/**
 * Adds the terminal. Without one of its own the container must not keep the caller's: it begins a session, which has
 * none (CVE-2017-5226).
 */
function addTerminal({ builder, process, context, rootSlot }: Launch): void {
  if (process.terminal !== true) {
    builder.add('init', 'newSession', {});
    return;
  }
  const { rows, columns } = context.stdio.terminalSize ?? terminalSize(process);
  builder.add('init', 'terminal', { rootSlot, rows, columns, console: 1 });
}

function terminalSize({ consoleSize }: OciProcess): { readonly rows: number; readonly columns: number } {
  return { rows: consoleSize?.height ?? 24, columns: consoleSize?.width ?? 80 };
}

/** Makes a read-only /dev read-only once all that belongs in it has been made. */
function sealDev({ builder, spec, devSlot }: Launch): void {
  const dev = spec.mounts?.findLast((mount) => mount.destination === '/dev');
  if (dev?.type !== 'tmpfs' || dev.options?.includes('ro') !== true) return;
  const nothing = { clear: 0n, propagation: 0n, recursive: 0, usernsSlot: NONE };
  builder.add('init', 'mountAttributes', { slot: devSlot, set: MOUNT_ATTR.RDONLY, ...nothing });
}

/** Adds the monitor's last steps before the clone, and those that it does for the child afterwards. */
function addClone(launch: Launch): void {
  const { builder, spec, context, namespaces, cgroups, usernsSlot, networkSlot } = launch;
  if (usernsSlot !== NONE) {
    const { hostMounts } = enterPrivateMounts(builder);
    leavePrivateMounts(builder, hostMounts);
    // /dev/stdout leads to the pipes: the container's root must be able to open them, and to give them to the command's
    // user.
    if (context.rootIds !== undefined) builder.add('prepare', 'streamOwner', context.rootIds);
    joinDonorsOutside(builder, spec, joiningOf(launch));
  }
  const made = networkSlot !== NONE && usernsSlot === NONE ? BigInt(CLONE_FLAGS.network) : 0n;
  // From another container's cgroup namespace the kernel lets no process into a group outside of it (cgroup-v2,
  // nsdelegate).
  const isElsewhere = usernsSlot !== NONE && namespaces.has('cgroup') && !namespaces.isNew('cgroup');
  const cgroupSlot = isElsewhere ? NONE : cloneTarget(cgroups);
  builder.add('prepare', 'clone', { flags: namespaces.cloneFlags & ~made, cgroupSlot });
  if (isElsewhere) putInCgroup(builder, cgroups);
}

/** Adds host name, domain name, loopback, sysctls and limits, which belong to the new namespaces or the process. */
function addKernelSettings({ builder, spec, process, namespaces, usernsSlot, networkSlot }: Launch): void {
  // With a user namespace init has waited for this stage already.
  if (networkSlot !== NONE && usernsSlot === NONE)
    builder.add('init', 'awaitStage', { awaited: stageIndex('afterClone'), gate: 0 });
  if (spec.hostname !== undefined) builder.add('init', 'hostname', { name: spec.hostname });
  if (spec.domainname !== undefined) builder.add('init', 'domainname', { name: spec.domainname });
  if (namespaces.isNew('network') && networkSlot === NONE) builder.add('init', 'linkUp', { name: 'lo' });
  for (const [key, value] of Object.entries(spec.linux?.sysctl ?? {})) {
    builder.add('init', 'sysctl', { key: sysctlPath(key), value });
  }
  addLimits(builder, process, { raised: usernsSlot !== NONE });
}

/**
 * Adds the hooks that see both the host and the container, and then the pivot, after which the root is "/" and the
 * host's file systems are gone.
 */
function addPivot({ builder, spec, state, rootSlot }: Launch): void {
  const { prestart = [], createRuntime = [], createContainer } = spec.hooks ?? {};
  addHooks(builder, [...prestart, ...createRuntime], { stage: 'beforePivot', status: 'creating', state });
  if (builder.has('beforePivot')) builder.add('init', 'awaitStage', { awaited: stageIndex('beforePivot'), gate: 0 });
  addHooks(builder, createContainer, { stage: 'init', status: 'creating', state });
  builder.add('init', 'pivotRoot', { rootSlot });
  const propagation = propagationFlags(spec.linux?.rootfsPropagation ?? 'rprivate');
  if (propagation === undefined) {
    throw new TspodError(
      'INVALID_ARGUMENT',
      `unknown root propagation ${JSON.stringify(spec.linux?.rootfsPropagation)}`,
    );
  }
  // The root is private already.
  if ((propagation & MS.PRIVATE) === 0n) builder.add('init', 'setRootPropagation', { flags: propagation });
  if (spec.root.readonly === true) builder.add('init', 'readonlyRoot', {});
}

/**
 * Adds the gate, and the steps that turn a process that may do anything into the user's command. A user that does not
 * exist is found before the gate.
 */
function addCommand(launch: Launch): void {
  const { builder, spec, process, context, rootSlot, state } = launch;
  const request: ProcessContext = {
    rootSlot,
    identity: context.identity,
    seccomp: context.seccomp,
    createWorkdir: context.createWorkdir ?? false,
    init: context.init ?? false,
    pause: context.pause ?? false,
  };
  addUser(builder, process, request);
  // Optional: a host may have reached its limit of keys, and programs do without a keyring of their own.
  if (context.keyring !== false) builder.try('init', 'sessionKeyring', { name: `tspod-${context.id}` });
  addPersonality(builder, spec);
  if (context.gate) builder.add('init', 'awaitStage', { awaited: stageIndex('started'), gate: 1 });
  exposeFds(builder, launch.extraFds);
  addDrop(builder, process, request);
  // These hooks run programs of the image: they get the command's rights, and no more.
  addHooks(builder, spec.hooks?.startContainer, { stage: 'init', status: 'created', state });
  addProgram(builder, process, request);
}

/** PER_LINUX and PER_LINUX32 of personality(2). With the latter, programs see a 32-bit machine. */
const PERSONALITIES = { LINUX: 0n, LINUX32: 8n } as const;

function addPersonality(builder: PlanBuilder, spec: OciSpec): void {
  const personality = spec.linux?.personality;
  if (personality !== undefined) builder.add('init', 'personality', { persona: PERSONALITIES[personality.domain] });
}
