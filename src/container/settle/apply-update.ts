/**
 * Applies an update of a container's record to the kernel and to the container's monitor. Under the container's lock;
 * may be repeated.
 */
import { unlinkSync, writeFileSync } from 'node:fs';

import { TspodError } from '../../errors.js';
import { readIfReadable } from '../../host/process-files.js';
import { execute } from '../../native/execute.js';
import type { LinuxResources } from '../../oci/resources.js';
import { encodePlan } from '../../plan/encode.js';
import type { Plan } from '../../plan/ops.js';
import { restorePlan, updatePlan, type Update } from '../../plan/update.js';
import { cgroupsPath } from '../../spec/limits/cgroup-path.js';
import { optionalResources } from '../../spec/limits/resources.js';
import { errnoName, errnoText } from '../../util/errno.js';
import { presentCgroups } from '../cgroups/placement.js';
import { compileLaunch } from '../launch/compile.js';
import { liveDonors } from '../namespaces/donors.js';
import { failpoint } from '../failpoint.js';
import { freeze, thaw } from '../cgroups/freeze.js';
import type { HeldContainer } from '../held.js';
import { memberPids } from '../cgroups/member-pids.js';
import { writeBundle } from '../oci-runtime/bundle.js';
import { launchedNetwork } from '../network/added.js';
import { preparedFiles, rootOf } from '../launch/prepare.js';
import { secretEnvironment } from '../launch/secrets.js';
import { mountedRoot } from '../files/root-mount.js';
import { containerStdio, readDescriptors, type StdioPlan } from '../streams/stdio.js';
import { talkTo } from '../monitor/connect.js';
import { ANSWER_MS, unanswered } from '../monitor/answer.js';
import { comesWithin } from '../../util/within.js';
import { withJoinedMaps } from '../namespaces/userns.js';

const EBADF = 9;

/** Undoes a change of limits, as far as the kernel allows. */
export type Undo = () => Promise<void>;

const NOTHING_TO_UNDO: Undo = () => Promise.resolve();

/**
 * Writes limits into the cgroups of a live container; makes the groups that it has not needed until now, and moves its
 * processes there. Throws UPDATE_FAILED when the kernel refuses a limit, and everything is as before.
 */
export async function applyLimits(held: HeldContainer, resources: LinuxResources): Promise<Undo> {
  const { observation, context, id, config } = held;
  if (observation.kind !== 'live' || Object.keys(resources).length === 0) return NOTHING_TO_UNDO;
  const placement = presentCgroups(context, id, config);
  const request = {
    resources,
    placement,
    layout: context.facts().cgroup,
    path: cgroupsPath(config, id, held.state.splitFrom),
    optional: optionalResources(config.resources),
  };
  const first = updatePlan({ ...request, pids: [] });
  const undo = undoOf(first);
  if (first.added.length === 0) {
    await carryOut(first, undo);
    return undo;
  }
  // A frozen container cannot fork a process away from those that are moved.
  const wasPaused = held.status === 'paused';
  if (!wasPaused) await freeze(held);
  try {
    const pids = observation.live.init.pid === 0 ? [] : memberPids(observation.live.init.pid, placement);
    await carryOut(updatePlan({ ...request, pids }), undo);
  } finally {
    if (!wasPaused) await thaw(held);
  }
  return undo;
}

/**
 * Returns the undo of an update: it reads what the files hold before they change. Groups that were made stay: without
 * limits they do nothing.
 */
function undoOf(update: Update): Undo {
  const plan = encodePlan(restorePlan(update, readIfReadable));
  return () => execute(plan);
}

async function carryOut({ plan }: Update, undo: Undo): Promise<void> {
  try {
    await execute(encodePlan(plan));
  } catch (error) {
    await undo();
    throw refused(plan, error);
  }
  failpoint('limits-changed');
}

function refused(plan: Plan, error: unknown): unknown {
  const { step, errno } = error as { step?: number; errno?: number };
  if (step === undefined || errno === undefined) return error;
  const failed = plan.steps[step];
  const number = Math.abs(errno);
  const what =
    failed?.op === 'writeFileAt' ? `the kernel refuses ${failed.value} for ${failed.name}` : 'the limits cannot be set';
  return new TspodError('UPDATE_FAILED', `${what}: ${errnoText(number)}`, {
    cause: error,
    details: { errno: number, errnoCode: errnoName(number) },
  });
}

export interface NextPlan {
  /** The place of a network that launches to come leave out. @default none */
  readonly withoutPlace?: number;
  /** How long the monitor may take to answer. @default 5 seconds */
  readonly patienceMs?: number;
}

/**
 * Hands the monitor the plan of launches to come. Does nothing if the container is not live, or its monitor gone.
 * Throws UPDATE_FAILED if the monitor does not take the plan, or does not answer, as while a restart is held up. In the
 * second case it is not known whether it takes the plan later: the next command hands it the plan of the record.
 */
export async function applyToMonitor(held: HeldContainer, next: NextPlan = {}): Promise<void> {
  if (held.observation.kind !== 'live') return;
  const talk = await talkTo(held.paths.run);
  if (talk === undefined) return;
  const file = `${held.paths.run}/next`;
  try {
    writeFileSync(file, encodePlan(await nextPlan(held, next)), { mode: 0o600 });
    const answer = talk.replan();
    if (!(await comesWithin(answer, next.patienceMs ?? ANSWER_MS))) {
      held.save({ updating: true });
      throw unanswered('UPDATE_FAILED', held.id, 'its restart is held up');
    }
    failpoint('plan-changed');
    const taken = await answer;
    if (taken.kind === 'failed') throw notTaken(held, taken);
  } finally {
    talk.connection.close();
    removeIfThere(file);
  }
}

function notTaken({ id }: HeldContainer, { errno, detail }: { readonly errno: number; readonly detail: string }) {
  if (errno !== EBADF)
    return new TspodError('UPDATE_FAILED', `the monitor of container ${id}: ${detail}: ${errnoText(errno)}`);
  return new TspodError(
    'UPDATE_FAILED',
    `container ${id} was started with descriptors that are gone, so a policy cannot restart it: change the policy while it is stopped`,
  );
}

async function nextPlan(held: HeldContainer, { withoutPlace }: NextPlan): Promise<Plan> {
  const { context, id, name, paths } = held;
  const donors = liveDonors(context, id, held.config);
  const config = await withJoinedMaps(held.config, donors);
  const { root, hostCovers } = rootOf(context, { id, config, paths });
  const { spec, plan } = compileLaunch(context, {
    id,
    config,
    paths,
    root: mountedRoot(held) ?? root,
    hostCovers,
    ...preparedFiles(context, { id, name, config, paths }),
    secretEnv: secretEnvironment(context, held.seq, config),
    donors,
    network: launchedNetwork(context, id, withoutPlace),
    stdio: stdioOf(held),
    gate: false,
    timeLimitMs: 0,
    splitFrom: held.state.splitFrom,
  });
  // Another runtime reads the bundle anew at each launch.
  if (config.runtime !== undefined) writeBundle(paths, spec);
  return plan;
}

/** Returns the streams of the container as at its start. */
function stdioOf({ config, paths }: HeldContainer): StdioPlan {
  return (
    readDescriptors(paths.run) ??
    containerStdio(config, { stdio: undefined, fds: undefined, size: undefined, attachedInput: false })
  );
}

function removeIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // The run directory is gone: the container has ended meanwhile.
  }
}
