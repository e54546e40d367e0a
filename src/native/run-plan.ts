/** The plan of a program that runs in a set of namespaces. Pure. */
import { CODES } from '../plan/codes.js';
import type { Plan, Stage, Step } from '../plan/ops.js';
import { NONE, STAGES } from '../plan/ops.js';
import { CLONE_FLAGS } from './namespace-kinds.js';
import type { NamespaceKind } from './namespace-kinds.js';

/** A namespace to join, with the number of its descriptor in the monitor. */
export interface JoinedNamespace {
  readonly kind: NamespaceKind;
  readonly monitorFd: number;
}

export interface RunPlanRequest {
  readonly command: readonly string[];
  /** Variables, each as `NAME=value`. */
  readonly environment: readonly string[];
  readonly workingDirectory: string;
  readonly created: readonly NamespaceKind[];
  readonly joined: readonly JoinedNamespace[];
  /** Map lines for a new user namespace. */
  readonly uidMap: string;
  readonly gidMap: string;
  readonly privileged: boolean;
  readonly ids: { readonly uid: number; readonly gid: number } | undefined;
  /** Descriptors of the monitor for 0, 1 and 2; undefined: the streams go through messages. */
  readonly streamFds: readonly [number, number, number] | undefined;
  /** Time limit; 0: none. */
  readonly timeLimitMs: number;
}

const MS_REC = 0x4000n;
const MS_PRIVATE = 0x40000n;
const MOUNT_ATTR_NOSUID_NODEV_NOEXEC = 0xen;

/**
 * Kinds that clone3(2) makes, in the user namespace that it makes or is called in. Not `cgroup`, whose root is the
 * cgroup of its maker.
 */
const MADE_BY_CLONE: readonly NamespaceKind[] = ['user', 'mnt', 'pid', 'net', 'ipc', 'uts', 'time'];

/** Kinds that take effect for the caller's children. */
const FOR_CHILDREN: readonly NamespaceKind[] = ['pid', 'time'];

type Unstaged = Step extends infer S ? (S extends Step ? Omit<S, 'stage'> : never) : never;

export function runPlan(request: RunPlanRequest): Plan {
  const steps: Step[] = [];
  const add = (stage: Stage, step: Unstaged) => steps.push({ ...step, stage });
  addSettings(add, request);
  const slots = addSources(add, request);
  const isNew = (kind: NamespaceKind) => request.created.includes(kind);
  const join = (stage: Stage) => (joined: JoinedNamespace) =>
    add(stage, { op: 'joinNamespaces', slot: slots.get(joined) ?? 0, flags: CLONE_FLAGS[joined.kind] });
  const { user, early, late } = sortJoined(request);
  early.forEach(join('prepare'));
  if (user !== undefined) add('prepare', { op: 'cloneInUserNamespace', slot: slots.get(user) ?? 0 });
  const flags = MADE_BY_CLONE.filter(isNew).reduce((bits, kind) => bits | CLONE_FLAGS[kind], 0);
  add('prepare', { op: 'clone', flags: BigInt(flags >>> 0), cgroupSlot: NONE });
  if (isNew('user')) addUserNamespace(add, request);
  late.forEach(join('init'));
  if (user !== undefined) add('init', { op: 'becomeNamespaceRoot' });
  if (isNew('cgroup')) add('init', { op: 'unshare', flags: CLONE_FLAGS.cgroup });
  if (isNew('mnt')) addOwnMounts(add, isNew('pid'), slots.size + 3);
  addCommand(add, request);
  return { steps };
}

type Add = (stage: Stage, step: Unstaged) => void;

/** Adds the settings. The first three slots are for the streams. */
function addSettings(add: Add, { streamFds, timeLimitMs }: RunPlanRequest): void {
  add('settings', { op: 'role', kind: CODES.monitorRole.exec });
  const kind = CODES.streamKind[streamFds === undefined ? 'monitor' : 'passthrough'];
  const slot = (number: number) => (streamFds === undefined ? NONE : number);
  add('settings', {
    op: 'stdio',
    stdin: kind,
    stdout: kind,
    stderr: kind,
    stdinSlot: slot(0),
    stdoutSlot: slot(1),
    stderrSlot: slot(2),
    terminal: 0,
    keepStdin: 0,
    stdinOnce: 1,
  });
  if (timeLimitMs > 0) add('settings', { op: 'timeLimit', milliseconds: BigInt(timeLimitMs) });
  streamFds?.forEach((fd, number) => add('prepare', { op: 'inheritFd', slot: number, fd }));
}

/** Adds steps that take the descriptors of joined namespaces, and returns their slots. */
function addSources(add: Add, { joined }: RunPlanRequest): ReadonlyMap<JoinedNamespace, number> {
  const slots = new Map<JoinedNamespace, number>();
  joined.forEach((namespace, index) => {
    const slot = index + 3;
    slots.set(namespace, slot);
    add('prepare', { op: 'inheritFd', slot, fd: namespace.monitorFd });
  });
  return slots;
}

interface SortedNamespaces {
  /** The user namespace that the program is born in, together with all new namespaces. */
  readonly user: JoinedNamespace | undefined;
  /** Namespaces that the monitor joins, for its child. */
  readonly early: readonly JoinedNamespace[];
  /** Namespaces that the child joins. */
  readonly late: readonly JoinedNamespace[];
}

/**
 * Sorts the namespaces by who joins them. A privileged process joins the others before it enters a user namespace,
 * because those that belong to an outer one could not be joined from within. An unprivileged process gets the rights to
 * join them in the user namespace.
 */
function sortJoined({ joined, created, privileged }: RunPlanRequest): SortedNamespaces {
  const user = joined.find(({ kind }) => kind === 'user');
  const others = joined.filter((namespace) => namespace !== user);
  const comesToUser = user !== undefined || created.includes('user');
  const isEarly = ({ kind }: JoinedNamespace) => FOR_CHILDREN.includes(kind) || (privileged && comesToUser);
  return { user, early: others.filter(isEarly), late: others.filter((namespace) => !isEarly(namespace)) };
}

function addUserNamespace(add: Add, { uidMap, gidMap, privileged }: RunPlanRequest): void {
  add('init', { op: 'awaitStage', awaited: STAGES.indexOf('afterClone'), gate: 0 });
  add('afterClone', { op: 'idMaps', uidMap, gidMap, denySetgroups: privileged ? 0 : 1 });
  add('init', { op: 'becomeNamespaceRoot' });
}

/**
 * Adds steps that keep mounts inside the new mount namespace and, with a new PID namespace, mount a /proc that shows
 * it.
 */
function addOwnMounts(add: Add, ownPids: boolean, freeSlot: number): void {
  add('init', { op: 'rootPropagation', flags: MS_REC | MS_PRIVATE });
  if (!ownPids) return;
  add('init', {
    op: 'mountFs',
    slot: freeSlot,
    type: 'proc',
    options: [],
    attributes: MOUNT_ATTR_NOSUID_NODEV_NOEXEC,
  });
  add('init', { op: 'attachMount', slot: freeSlot, path: '/proc' });
}

function addCommand(add: Add, { workingDirectory, ids, command, environment }: RunPlanRequest): void {
  add('init', { op: 'workingDirectory', path: workingDirectory, create: 0 });
  if (ids !== undefined) {
    add('init', { op: 'useIds', uid: ids.uid, gid: ids.gid, groups: [] });
    add('init', { op: 'setIds' });
  }
  add('init', { op: 'exec', args: command, env: environment, setHome: 0 });
}
