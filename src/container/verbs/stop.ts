/** Ends a container: its stop signal, some time, SIGKILL. The lock is not held while waiting. */
import { invalid, isTspodError, TspodError } from '../../errors.js';
import { openProcess, type ProcessHandle } from '../../native/process-handle.js';
import type { ContainerConfig } from '../../spec/config.js';
import { DEFAULT_STOP_SIGNAL, DEFAULT_STOP_TIMEOUT_SEC } from '../../spec/normalize.js';
import { signalName } from '../../util/signals.js';
import { containerPaths, type ContainerPaths } from '../../storage/paths.js';
import type { ContainerStatus, StopOptions } from '../api/container.js';
import type { EngineContext } from '../context.js';
import { recordContainerEvent } from '../events.js';
import { failpoint } from '../failpoint.js';
import { endPause, thawEnding } from '../cgroups/freeze.js';
import { readableConfig } from '../settle/readable-config.js';
import { withContainer, type HeldContainer } from '../held.js';
import { endsWithin, KILL_GRACE_MS, monitorEnd, stuck } from '../monitor/end.js';
import { untilCalledOff } from '../monitor/call-off.js';
import type { MonitorTalk } from '../monitor/talk.js';
import { endOutlivingSessions } from '../exec/outliving.js';
import { observe, statusOf } from '../observe.js';
import type { LiveRecord } from '../monitor/run-record.js';
import { tryRemoval } from '../settle/repair.js';
import { settle } from '../settle/settle.js';
import { signalProcess } from '../monitor/signal-process.js';
import { talkTo } from '../monitor/connect.js';

const AT_REST: ReadonlySet<ContainerStatus> = new Set(['created', 'exited', 'stopped', 'removing']);

const HAS_ENDED: ReadonlySet<ContainerStatus> = new Set(['exited', 'stopped']);

/** What is needed to wait for a container's end, once it has been told to stop. */
export interface Stopping {
  readonly id: string;
  readonly name: string;
  readonly process: ProcessHandle | undefined;
  /** Called after SIGKILL. @default nothing */
  readonly thaw?: () => Promise<void>;
  readonly talk: MonitorTalk | undefined;
  readonly monitor: ProcessHandle | undefined;
  readonly paths: Pick<ContainerPaths, 'state' | 'exit'>;
  readonly signal: number;
  readonly timeoutSec: number;
}

export interface StopRequest extends StopOptions {
  /** Kill a monitor that is held up. @default false */
  readonly force?: boolean;
}

/** Stops a container. Throws CONTAINER_STOPPED if it has stopped, STATE_INVALID if it never ran or is paused. */
export async function stopContainer(context: EngineContext, id: string, options: StopRequest = {}): Promise<void> {
  checkStopTime(options);
  if (options.depend === true) await stopDependents(context, id, options);
  const lockOptions = { signal: options.signal };
  const stopping = await withContainer(context, id, (held) => beginStop(held, options), lockOptions);
  try {
    await stopProcess(stopping, options);
  } finally {
    stopping.talk?.connection.close();
    stopping.process?.close();
    stopping.monitor?.close();
  }
  failpoint('stopped');
  recordContainerEvent(context, { id, name: stopping.name, status: 'stop' });
  await finishStop(context, id);
}

/** Throws INVALID_ARGUMENT for a time that is not a number. */
export function checkStopTime({ timeoutSec }: Pick<StopOptions, 'timeoutSec'>): void {
  if (Number.isNaN(timeoutSec)) throw invalid('timeoutSec must be a number of seconds, not NaN');
}

/**
 * Stops the containers that depend on this one, those of one rank at the same time. A container that does not run needs
 * no stop, but those that depend on it may.
 */
async function stopDependents(context: EngineContext, id: string, options: StopOptions): Promise<void> {
  const seq = context.store.get(id)?.seq;
  const above = seq === undefined ? [] : context.store.dependents(seq);
  const stops = await Promise.allSettled(above.map((dependent) => stopDependent(context, dependent, options)));
  for (const stop of stops) if (stop.status === 'rejected') throw stop.reason;
}

async function stopDependent(context: EngineContext, id: string, options: StopOptions): Promise<void> {
  const stored = context.store.get(id);
  if (stored === undefined) return;
  const status = statusOf(stored.state, observe(stored.state, containerPaths(context.directories, id)));
  if (AT_REST.has(status)) return stopDependents(context, id, options);
  try {
    await stopContainer(context, id, options);
  } catch (error) {
    // The container has ended meanwhile.
    if (!isTspodError(error, 'CONTAINER_STOPPED') && !isTspodError(error, 'NO_SUCH_CONTAINER')) throw error;
  }
}

/** Begins the stop, under the lock: there is no restart from now on, whatever becomes of this process. */
async function beginStop(held: HeldContainer, options: StopRequest): Promise<Stopping> {
  const wasAllowed = held.status;
  if (!HAS_ENDED.has(wasAllowed)) held.require('stop');
  // Also when there is nothing to stop: a container that its user stopped is not started by a policy.
  held.save({ stoppedByUser: true });
  // The process may have ended just now, and the monitor, which has not been told yet, may be about to make another.
  if (held.observation.kind === 'ending') await settle(held);
  held.require('stop');
  const { observation } = held;
  if (observation.kind !== 'live') throw new TspodError('STATE_INVALID', `container ${held.id} is ${wasAllowed}`);
  const { live } = observation;
  const settings = await stopSettings(held);
  held.save({ status: 'stopping' });
  failpoint('stop-recorded');
  const talk = await talkTo(held.paths.run);
  if (held.isRestarting && held.state.autoRemove) talk?.keepTrees();
  if (talk !== undefined) {
    const { monitor } = live;
    await untilCalledOff(talk, talk.stop(), { id: held.id, monitor, state: held.paths.state, force: options.force });
  }
  failpoint('stop-told');
  const last = lastLife(held, live);
  // A start that was under way may have succeeded.
  const isGated = last.status === 'created';
  return {
    id: held.id,
    name: held.name,
    process: processOf(last),
    thaw: () => thawEnding(held),
    talk,
    monitor: openProcess(last.monitor.pid, last.monitor.startTime),
    paths: held.paths,
    // Before its exec a process is deaf to all signals but SIGKILL.
    signal: isGated ? 9 : settings.stopSignal,
    timeoutSec: isGated ? 0 : (options.timeoutSec ?? settings.stopTimeoutSec),
  };
}

/**
 * Returns the stop signal and the time of a container. One whose record is damaged has to end as well: it gets the
 * defaults and is thawed, since it may be frozen without the record saying so.
 */
async function stopSettings(held: HeldContainer): Promise<Pick<ContainerConfig, 'stopSignal' | 'stopTimeoutSec'>> {
  const config = readableConfig(held);
  if (config !== undefined) return config;
  await endPause(held);
  return { stopSignal: DEFAULT_STOP_SIGNAL, stopTimeoutSec: DEFAULT_STOP_TIMEOUT_SEC };
}

/**
 * Returns the record of the container's last process. A restart may have been under way until the monitor was told that
 * there is to be none: only now is it known which process is the last.
 */
export function lastLife(held: HeldContainer, known: LiveRecord): LiveRecord {
  const observation = held.look();
  return observation.kind === 'live' ? observation.live : known;
}

function processOf(live: LiveRecord): ProcessHandle | undefined {
  return live.init.pid === 0 ? undefined : openProcess(live.init.pid, live.init.startTime);
}

/** Ends a process: stop signal, time, SIGKILL. Resolves when its monitor is gone. */
export async function stopProcess(stopping: Stopping, options: StopOptions): Promise<void> {
  const { process, signal, timeoutSec } = stopping;
  if (process !== undefined) {
    if (timeoutSec !== 0) {
      signalProcess(process, signal);
      failpoint('stop-signal-sent');
      if (await endsWithin(process, timeoutMs(timeoutSec), options.signal)) return waitForMonitor(stopping, options);
      options.onWarning?.(
        `StopSignal ${signalName(signal)} failed to stop container ${stopping.name} in ${String(timeoutSec)} seconds, resorting to SIGKILL`,
      );
    }
    signalProcess(process, 9);
    await stopping.thaw?.();
    if (!(await endsWithin(process, KILL_GRACE_MS, options.signal))) throw stuck(stopping.id);
  }
  await waitForMonitor(stopping, options);
}

/** Returns the time in ms; -1 waits for ever. */
function timeoutMs(seconds: number): number {
  return seconds < 0 ? Infinity : seconds * 1000;
}

/**
 * Waits for the monitor, whose end is the container's: the exit record is written, and nothing is left in the kernel.
 */
async function waitForMonitor({ monitor, paths }: Stopping, { signal }: StopOptions): Promise<void> {
  if (monitor !== undefined) await monitorEnd(monitor, paths, signal);
}

/**
 * Ends what outlives the container, and removes the container if it has `autoRemove`. Whoever takes the lock first
 * records the end; the container may be removed by now.
 */
async function finishStop(context: EngineContext, id: string): Promise<void> {
  const finish = async (held: HeldContainer) => {
    await endOutlivingSessions(held);
    if (!held.isRestarting) await tryRemoval(held);
  };
  try {
    await withContainer(context, id, finish, { refreshes: true });
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'NO_SUCH_CONTAINER') throw error;
  }
}
