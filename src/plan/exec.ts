/** The plan of a command that runs in a running container (exec). */
import type { NamespaceType, OciProcess } from '../oci/spec.js';
import { O_DIRECTORY, O_PATH, O_RDONLY } from '../util/file-bits.js';
import { PlanBuilder } from './builder.js';
import { cloneBeside, cloneTarget, enterCgroups } from './cgroups.js';
import type { OpenCgroup } from './cgroups.js';
import type { ExecContext } from './context.js';
import { CLONE_FLAGS, cloneFlags } from './clone-flags.js';
import type { Plan } from './ops.js';
import { addDrop, addLimits, addProgram, addRaisedLimits, addUser } from './process.js';
import type { ProcessContext } from './process.js';
import { addExecSettings, exposeFds, takeExtraFds, type TakenFd } from './settings.js';

/**
 * Returns the plan of an exec. The monitor opens what it needs on the host and makes the child in the container's PID
 * namespace and cgroup; the child joins all other namespaces at once, by a descriptor of the container's first process,
 * and becomes the command.
 */
export function execPlan(process: OciProcess, context: ExecContext): Plan {
  const builder = new PlanBuilder();
  const terminal = process.terminal === true;
  const { stdio, timeLimitMs, pidFile, sessionDirectory, isCheck = false } = context;
  const session = sessionDirectory === undefined ? undefined : { id: context.id, directory: sessionDirectory };
  addExecSettings(builder, { stdio, terminal, timeLimitMs, pidFile, session, isCheck });
  const cgroups = openCgroups(builder, context);
  const target = builder.slot();
  openTarget(builder, target, context.target);
  if (context.namespaces.includes('pid'))
    builder.add('prepare', 'joinNamespaces', { slot: target, flags: CLONE_FLAGS.pid });
  const extraFds = takeExtraFds(builder, context.extraFds);
  if (context.rootIds !== undefined) builder.add('prepare', 'streamOwner', context.rootIds);
  cloneBeside(builder, target, cgroups);
  builder.add('prepare', 'clone', { flags: 0n, cgroupSlot: cloneTarget(cgroups) });
  enterCgroups(builder, cgroups);
  if (context.namespaces.includes('user')) addRaisedLimits(builder, process, 'init');
  joinOthers(builder, target, context.namespaces);
  addCommand(builder, process, context, extraFds);
  return builder.build();
}

function openTarget(builder: PlanBuilder, slot: number, target: ExecContext['target']): void {
  if ('inheritedFd' in target) builder.add('prepare', 'inheritFd', { slot, fd: target.inheritedFd });
  else builder.add('prepare', 'openProcess', { slot, pid: target.pid, startTime: target.startTime });
}

/**
 * Adds steps that open the container's cgroups. They exist: making them again for a container that has just ended would
 * leave them behind.
 */
function openCgroups(builder: PlanBuilder, { cgroup }: ExecContext): readonly OpenCgroup[] {
  return (cgroup?.directories ?? []).map((directory) => {
    const slot = builder.slot();
    const { path, delegated = path } = directory;
    // The clone needs a descriptor that is open for reading; cgroupEnter resolves a name beneath it.
    builder.add('prepare', 'openPath', { slot, path: delegated, flags: O_RDONLY | O_DIRECTORY });
    return { directory, slot, inside: slot };
  });
}

/**
 * Joins the namespaces together: the kernel joins the user namespace first, which gives the rights to join the others.
 */
function joinOthers(builder: PlanBuilder, slot: number, namespaces: readonly NamespaceType[]): void {
  const others = namespaces.filter((type) => type !== 'pid');
  if (others.length > 0) builder.add('init', 'joinNamespaces', { slot, flags: cloneFlags(others) });
  if (others.includes('user')) builder.add('init', 'becomeNamespaceRoot', {});
}

function addCommand(
  builder: PlanBuilder,
  process: OciProcess,
  context: ExecContext,
  extraFds: readonly TakenFd[],
): void {
  const rootSlot = builder.slot();
  // Joining a mount namespace puts the process at its root: this is the container's "/".
  builder.add('init', 'openPath', { slot: rootSlot, path: '/', flags: O_PATH | O_DIRECTORY });
  const request: ProcessContext = {
    rootSlot,
    identity: context.identity,
    seccomp: context.seccomp,
    createWorkdir: false,
    init: false,
  };
  if (process.terminal === true) {
    const { rows, columns } = context.stdio.terminalSize ?? { rows: 24, columns: 80 };
    // /dev/console is the container's own terminal: an exec does not take its place.
    builder.add('init', 'terminal', { rootSlot, rows, columns, console: 0 });
  } else {
    builder.add('init', 'newSession', {});
  }
  addLimits(builder, process, { raised: context.namespaces.includes('user') });
  addUser(builder, process, request);
  exposeFds(builder, extraFds);
  addDrop(builder, process, request);
  addProgram(builder, process, request);
}
