/**
 * The last steps of init, which turn a process that may do anything into the user's program. Shared by launch and exec.
 */
import { TspodError } from '../errors.js';
import type { OciCapabilities, OciProcess, OciRlimit } from '../oci/spec.js';
import { IO_PRIORITY_CLASSES, SCHEDULER_POLICIES } from '../spec/limits/scheduling.js';
import { rlimitNumber } from '../spec/limits/rlimits.js';
import { capabilityMask } from '../util/capabilities.js';
import type { PlanBuilder } from './builder.js';
import { CODES } from './codes.js';
import type { IdentityContext, SeccompFilter } from './context.js';

/** RLIM_INFINITY. */
const UNLIMITED = 2n ** 64n - 1n;

export interface ProcessContext {
  /** Slot of the root in which the user and group files are looked up. */
  readonly rootSlot: number;
  readonly identity: IdentityContext | undefined;
  readonly seccomp: SeccompFilter | undefined;
  readonly createWorkdir: boolean;
  /** Whether a tiny init is PID 1. */
  readonly init: boolean;
  /** Whether nothing is executed: the process stays as it is. @default false */
  readonly pause?: boolean;
}

/**
 * Adds limits and priorities, which only the still privileged process may set. In a user namespace (`raised`)
 * addRaisedLimits() has set the priorities already.
 */
export function addLimits(builder: PlanBuilder, process: OciProcess, { raised }: { readonly raised: boolean }): void {
  for (const limit of process.rlimits ?? []) addRlimit(builder, limit);
  if (!raised) addPriorities(builder, process, 'init');
  const cpus = process.execCPUAffinity?.final ?? process.execCPUAffinity?.initial;
  if (cpus !== undefined) builder.add('init', 'cpuAffinity', { cpus });
}

/** Stage in which limits are set: `afterClone` by the monitor for the process, `init` by the process itself. */
type Setter = 'afterClone' | 'init';

/**
 * Raises the hard limits and sets the priorities of a process in a user namespace, which may itself only lower its
 * limits, and not raise priorities: runs while the setter has the rights of the host's root.
 */
export function addRaisedLimits(builder: PlanBuilder, process: OciProcess, stage: Setter): void {
  for (const { type, hard } of process.rlimits ?? [])
    builder.add(stage, 'raiseLimit', { resource: resourceOf(type), hard: limitValue(hard) });
  addPriorities(builder, process, stage);
}

function addPriorities(builder: PlanBuilder, process: OciProcess, stage: Setter): void {
  if (process.oomScoreAdj !== undefined) builder.add(stage, 'oomScoreAdj', { value: process.oomScoreAdj });
  if (process.scheduler !== undefined) addScheduler(builder, process.scheduler, stage);
  if (process.ioPriority !== undefined) addIoPriority(builder, process.ioPriority, stage);
}

function addRlimit(builder: PlanBuilder, { type, soft, hard }: OciRlimit): void {
  builder.add('init', 'rlimit', { resource: resourceOf(type), soft: limitValue(soft), hard: limitValue(hard) });
}

function resourceOf(type: string): number {
  const resource = rlimitNumber(type);
  if (resource === undefined)
    throw new TspodError('INVALID_ARGUMENT', `unknown resource limit ${JSON.stringify(type)}`);
  return resource;
}

function limitValue(limit: number | 'unlimited'): bigint {
  return limit === 'unlimited' ? UNLIMITED : BigInt(limit);
}

/** SCHED_FLAG_* of sched_setattr(2) by the names in the OCI spec. */
const SCHEDULER_FLAGS: Readonly<Record<string, bigint>> = {
  SCHED_FLAG_RESET_ON_FORK: 0x1n,
  SCHED_FLAG_RECLAIM: 0x2n,
  SCHED_FLAG_DL_OVERRUN: 0x4n,
  SCHED_FLAG_KEEP_POLICY: 0x8n,
  SCHED_FLAG_KEEP_PARAMS: 0x10n,
  SCHED_FLAG_UTIL_CLAMP_MIN: 0x20n,
  SCHED_FLAG_UTIL_CLAMP_MAX: 0x40n,
};

function addScheduler(builder: PlanBuilder, scheduler: NonNullable<OciProcess['scheduler']>, stage: Setter): void {
  const policy = SCHEDULER_POLICIES[scheduler.policy];
  if (policy === undefined)
    throw new TspodError('INVALID_ARGUMENT', `unknown scheduler policy ${JSON.stringify(scheduler.policy)}`);
  const flags = (scheduler.flags ?? []).reduce((bits, name) => bits | (SCHEDULER_FLAGS[name] ?? 0n), 0n);
  builder.add(stage, 'scheduler', {
    policy,
    flags,
    nice: scheduler.nice ?? 0,
    priority: scheduler.priority ?? 0,
    runtime: BigInt(scheduler.runtime ?? 0),
    deadline: BigInt(scheduler.deadline ?? 0),
    period: BigInt(scheduler.period ?? 0),
  });
}

function addIoPriority(builder: PlanBuilder, ioPriority: NonNullable<OciProcess['ioPriority']>, stage: Setter): void {
  const number = IO_PRIORITY_CLASSES[ioPriority.class];
  if (number === undefined)
    throw new TspodError('INVALID_ARGUMENT', `unknown I/O priority class ${JSON.stringify(ioPriority.class)}`);
  builder.add(stage, 'ioPriority', { class: number, level: ioPriority.priority });
}

/**
 * Adds a step that finds the ids that the command runs as, in the container's own files, through the root's descriptor.
 */
export function addUser(builder: PlanBuilder, process: OciProcess, context: ProcessContext): void {
  const { identity, rootSlot } = context;
  if (identity !== undefined) {
    builder.add('init', 'lookUpUser', { rootSlot, user: identity.user, groups: identity.groups });
    return;
  }
  const { uid, gid, additionalGids = [] } = process.user;
  // The primary group is among the supplementary ones: otherwise setgid programs could evade rules that deny the group
  // something (CVE-2022-2989 and its kin).
  builder.add('init', 'useIds', { uid, gid, groups: [...new Set([gid, ...additionalGids])] });
}

/**
 * Adds the steps that drop the privileges which the program must not have, in the one order that works:
 *
 * 1. the bounding set, while the capability to shrink it (CAP_SETPCAP) is there;
 * 2. labels for exec, while /proc/self/attr can be written;
 * 3. the seccomp filter, if the program may gain privileges: installing it then takes CAP_SYS_ADMIN. (The filter then
 *    has to allow the steps that follow; those that containers get do.)
 * 4. the working directory as root, tried again as the user where root has no access (NFS), then the ids;
 * 5. the other capability sets, which a change of the ids would have altered;
 * 6. otherwise no_new_privs and then the filter, last, so that it need not allow any of the above.
 */
export function addDrop(builder: PlanBuilder, process: OciProcess, context: ProcessContext): void {
  const capabilities = process.capabilities ?? {};
  const guarded = process.noNewPrivileges === true;
  builder.add('init', 'boundingCapabilities', { mask: capabilityMask(capabilities.bounding ?? []) });
  if (process.apparmorProfile !== undefined) builder.add('init', 'apparmor', { profile: process.apparmorProfile });
  if (process.selinuxLabel !== undefined) builder.add('init', 'selinux', { label: process.selinuxLabel });
  if (!guarded) addSeccomp(builder, context);
  builder.add('init', 'workingDirectory', { path: process.cwd, create: context.createWorkdir ? 1 : 0 });
  builder.add('init', 'umask', { mask: process.user.umask ?? 0o022 });
  builder.add('init', 'setIds', {});
  addCapabilities(builder, capabilities, context.identity);
  if (guarded) {
    builder.add('init', 'noNewPrivileges', {});
    addSeccomp(builder, context);
  }
}

/** Adds the tiny init, if any, which has the privileges of the command, and the exec. After addDrop(). */
export function addProgram(builder: PlanBuilder, process: OciProcess, context: ProcessContext): void {
  const { args, env = [] } = process;
  if (context.pause === true) {
    builder.add('init', 'pause', {});
    return;
  }
  if (context.init) builder.add('init', 'becomeInit', {});
  // The user's home is known only at this point, from the container's files.
  builder.add('init', 'exec', { args, env, setHome: 1 });
}

function addSeccomp(builder: PlanBuilder, { seccomp }: ProcessContext): void {
  if (seccomp !== undefined) builder.add('init', 'seccomp', { flags: seccomp.flags, filter: seccomp.program });
}

/**
 * Adds the capability sets. Those of the spec are for the user whose ids it has. If the user was given by name, the
 * sets of root and those of others are both in the plan, and the look-up decides: root holds its bounding set, others
 * what was added by name.
 */
function addCapabilities(
  builder: PlanBuilder,
  capabilities: OciCapabilities,
  identity: IdentityContext | undefined,
): void {
  if (identity === undefined) {
    builder.add('init', 'capabilities', { applies: CODES.applies.always, ...capabilityMasks(capabilities) });
    return;
  }
  const bounding = capabilityMask(capabilities.bounding ?? []);
  builder.add('init', 'capabilities', {
    applies: CODES.applies.toRoot,
    effective: bounding,
    permitted: bounding,
    inheritable: 0n,
    ambient: 0n,
  });
  // The empty name stands for uid 0, so the sets of others are not needed.
  if (identity.user === '') return;
  const added = capabilityMask(identity.addedCapabilities);
  builder.add('init', 'capabilities', {
    applies: CODES.applies.toOthers,
    effective: added,
    permitted: added,
    inheritable: added,
    ambient: added,
  });
}

function capabilityMasks(sets: OciCapabilities) {
  const { effective = [], permitted = [], inheritable = [], ambient = [] } = sets;
  return {
    effective: capabilityMask(effective),
    permitted: capabilityMask(permitted),
    inheritable: capabilityMask(inheritable),
    ambient: capabilityMask(ambient),
  };
}
