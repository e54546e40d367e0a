/**
 * Brings the record in line with what happened: under the container's lock, before any verb. Every effect is found by
 * its name, which derives from the id, and everything here may be repeated: a crash in the middle is put right by the
 * next call.
 */
import { existsSync, renameSync } from 'node:fs';

import { watchFile } from '../../host/file-changes.js';
import type { MonitorConnection } from '../../native/monitor-connection.js';
import { connectMonitor } from '../../native/monitor-spawn.js';
import { openProcess } from '../../native/process-handle.js';
import { removeTreeSync } from '../../native/tree.js';
import type { ProcessRef } from '../../plan/context.js';
import type { ContainerPaths } from '../../storage/paths.js';
import { recordContainerEvent, recordEnd } from '../events.js';
import { recordExecEnds, recordLastExecEnds } from '../exec/events.js';
import { failpoint } from '../failpoint.js';
import { removeBusyTree } from '../exec/files.js';
import { finishUpdate, isUpdateDue } from './finish-update.js';
import { endPause, runs, thawEnding } from '../cgroups/freeze.js';
import { recordHealthChange } from '../health/events.js';
import { keepHealth } from '../health/record.js';
import type { HeldContainer } from '../held.js';
import { endedState, processRef, type Observation } from '../observe.js';
import { removeEndedRun } from '../exec/outliving.js';
import { ANSWER_MS, unanswered } from '../monitor/answer.js';
import { monitorEnd } from '../monitor/end.js';
import { vanish } from '../monitor/end-process.js';
import { removeAdded } from '../network/added.js';
import { readableConfig } from './readable-config.js';
import { recordRestarts } from './restarts.js';
import type { LiveRecord } from '../monitor/run-record.js';
import { unmountRoot } from '../files/root-mount.js';
import { tearDown, tearDownLeftovers } from './tear-down.js';
import { wakeMonitor } from '../monitor/wake.js';
import { requireGone } from '../../util/gone.js';
import { comesWithin } from '../../util/within.js';

const SIGKILL = 9;

/**
 * Settles the container's record. Throws STATE_INVALID if the container is being launched, without the lock, by a
 * monitor that does not answer for `patienceMs`.
 */
export async function settle(held: HeldContainer, patienceMs = ANSWER_MS): Promise<void> {
  await settleLife(held, patienceMs);
  const { mounted, mounts } = held.state;
  if (mounted && mounts === 0 && held.observation.kind === 'settled') await unmountRoot(held);
}

async function settleLife(held: HeldContainer, patienceMs: number): Promise<void> {
  let { observation } = held;
  if (observation.kind === 'ending') {
    observation = await afterEnding(held, observation.live.monitor);
  }
  switch (observation.kind) {
    case 'settled':
      return;
    case 'live':
      if (held.state.status === 'paused' && !runs(observation)) await endPause(held);
      if (isUpdateDue(held.state, observation.live)) await finishUpdate(held, patienceMs);
      recordWhatHappened(held);
      return;
    case 'ended':
      // The monitor may still be tearing down, and a new launch would lose its cgroup to that.
      if (observation.live !== undefined) await endOf(held, observation.live.monitor);
      recordWhatHappened(held);
      await recordLastExecEnds(held);
      recordEnd(held, endedState(held.state, observation.exit));
      failpoint('end-told');
      // Before the addresses may be another container's. What fails is tried again below.
      await removeAdded(held.context, held.id).catch(() => undefined);
      // Recorded before the file with the exit code goes, so that the code is never lost.
      held.save(endedState(held.state, observation.exit));
      failpoint('end-recorded');
      // The monitor may have been killed in the middle of its teardown.
      await tearDownLeftovers(held);
      keepLastHealth(held);
      removeEndedRun(held);
      recordCleanup(held);
      return;
    case 'lost':
    case 'ending':
      recordWhatHappened(held);
      await endLost(held, observation.live);
      failpoint('lost-killed');
      await abandon(held, 'its monitor died');
      return;
    case 'launching':
      if (await monitorIsAtWork(held, patienceMs)) return;
      await abandon(held, 'its launch was cut off');
  }
}

/** Records the events of what happened while no engine was there. */
function recordWhatHappened(held: HeldContainer): void {
  recordRestarts(held);
  recordHealthChange(held);
  recordExecEnds(held);
}

/** Ends whatever is left of the container, and records that nobody knows how it ended. */
async function abandon(held: HeldContainer, why: string): Promise<void> {
  await tearDown(held);
  await recordLastExecEnds(held);
  const finishedUs = Date.now() * 1000;
  const { observation } = held;
  const startedUs = 'live' in observation && observation.live !== undefined ? observation.live.startedUs : 0;
  recordEnd(held, { exitCode: -1, startedUs, finishedUs });
  held.save({
    status: 'exited',
    exitCode: -1,
    exitSignal: 0,
    startedUs,
    finishedUs,
    error: why,
    updating: false,
  });
  keepLastHealth(held);
  removeEndedRun(held);
  recordCleanup(held);
}

/** Keeps the last health record. Costs nothing for a container without a health check. */
function keepLastHealth(held: HeldContainer): void {
  if (readableConfig(held)?.health !== undefined) keepHealth(held.paths);
}

/** Records `cleanup`, except for a container with `autoRemove`, which gets a `remove` event instead. */
function recordCleanup({ context, id, name, state }: HeldContainer): void {
  if (!state.autoRemove) recordContainerEvent(context, { id, name, status: 'cleanup' });
}

/**
 * Kills the process of a dead monitor. Throws STATE_INVALID if it does not end: the record then says `stopping`, and
 * the next verb tries again.
 */
async function endLost(held: HeldContainer, { init }: LiveRecord): Promise<void> {
  if (init.pid === 0) return;
  using process = openProcess(init.pid, init.startTime);
  if (process === undefined) return;
  try {
    process.kill(SIGKILL);
  } catch {
    return; // the process has just ended by itself
  }
  await thawEnding(held);
  try {
    await vanish(held.id, process);
  } catch (error) {
    held.save({ status: 'stopping' });
    throw error;
  }
}

/**
 * Whether a monitor is at work on a container whose launching engine died before the monitor wrote its state. A monitor
 * holds the run directory by a descriptor and listens in it on `attach` from its first steps on. The directory is
 * renamed: a monitor that comes late finds none and gives up; one that is at work is found by its socket, and either
 * gives up as well (its engine is gone) or gets its container going. Throws STATE_INVALID if a monitor does not answer.
 */
async function monitorIsAtWork(held: HeldContainer, patienceMs: number): Promise<boolean> {
  const { run } = held.paths;
  const aside = asidePath(held.paths);
  const answers = async (directory: string) => {
    const answer = await answerOf(directory, patienceMs);
    if (answer === 'none') throw unanswered('STATE_INVALID', held.id, 'it is being launched');
    return answer === 'runs';
  };
  if (await answers(run)) return held.look().kind === 'live';
  try {
    renameSync(run, aside);
    failpoint('put-aside');
  } catch (error) {
    // It is gone, or was put aside already by somebody who did not get further.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const runs = await answers(aside);
  if (runs) renameSync(aside, run);
  else removeTreeSync(aside);
  return runs && held.look().kind === 'live';
}

/**
 * Asks the monitor that may listen in the directory. `runs`: its container runs; `gone`: there is none, or it has given
 * up; `none`: it does not answer, because it is held up.
 */
async function answerOf(runDirectory: string, patienceMs: number): Promise<'runs' | 'gone' | 'none'> {
  let connection;
  try {
    connection = await connectMonitor(runDirectory);
  } catch (error) {
    requireGone(error);
    return 'gone';
  }
  try {
    return await answerOver(connection, patienceMs);
  } finally {
    connection.close();
  }
}

async function answerOver(connection: MonitorConnection, patienceMs: number): Promise<'runs' | 'gone' | 'none'> {
  // The monitor has not written yet who it is.
  const monitor = processRef(connection.peerPid());
  if (monitor !== undefined) wakeMonitor(monitor);
  let answer: 'runs' | 'gone' | 'none' = 'none';
  const attached = new Promise<void>((resolve) => {
    connection.onMessage((message) => {
      if (message.name !== 'attached') return;
      answer = 'runs';
      resolve();
    });
  });
  const hungUp = () => {
    if (answer === 'none') answer = 'gone';
  };
  connection.send('attach', { stdin: 0, stdout: 0, stderr: 0 });
  await comesWithin(Promise.race([attached, connection.closed.then(hungUp, hungUp)]), patienceMs);
  return answer;
}

/** Returns where the run directory of a launch that was cut off is put. */
export function asidePath({ run }: Pick<ContainerPaths, 'run'>): string {
  return `${run}.cut`;
}

export function removeRunDirectory({ paths }: HeldContainer): void {
  removeBusyTree(paths.run);
}

/**
 * Waits for what follows an end that the monitor is about to record: its own end or, if it is to start the container
 * again, the wait for that.
 */
async function afterEnding(held: HeldContainer, monitor: ProcessRef): Promise<Observation> {
  using handle = openProcess(monitor.pid, monitor.startTime);
  if (handle === undefined || !existsSync(held.paths.run)) return held.look();
  wakeMonitor(monitor);
  using changes = watchFile(held.paths.state);
  const done = new AbortController();
  void handle.wait({ signal: done.signal }).then(changes.wake, () => undefined);
  try {
    for (;;) {
      changes.reset();
      const observation = held.look();
      if (observation.kind !== 'ending') return observation;
      await changes.next();
    }
  } finally {
    done.abort();
  }
}

/** Resolves when the monitor has ended. */
async function endOf({ paths }: HeldContainer, monitor: ProcessRef): Promise<void> {
  if (monitor.pid === 0) return;
  using handle = openProcess(monitor.pid, monitor.startTime);
  wakeMonitor(monitor);
  if (handle !== undefined) await monitorEnd(handle, paths);
}
