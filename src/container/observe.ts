/** Observes a container: its record in the database together with its run directory and the kernel. Takes no lock. */
import { readIfReadable } from '../host/process-files.js';
import { readProcessStat } from '../native/process-stat.js';
import type { ProcessRef } from '../plan/context.js';
import type { StoredContainer, StoredState, StoredStatus } from '../state/records.js';
import type { ContainerPaths } from '../storage/paths.js';
import type { ContainerState, ContainerStatus } from './api/container.js';
import { exitCodeOf } from './exit-status.js';
import { readExitRecord, readLiveRecord, type ExitRecord, type LiveRecord } from './monitor/run-record.js';

/** What is known of a container's processes, compared with its record. */
export type Observation =
  /** No process of the container can be running: the record is the truth. */
  | { readonly kind: 'settled' }
  /** The process is supervised and alive, or the monitor waits to restart it. */
  | { readonly kind: 'live'; readonly live: LiveRecord }
  /** The process has ended; the monitor is about to report it. */
  | { readonly kind: 'ending'; readonly live: LiveRecord }
  /** The monitor has reported how the process ended. */
  | { readonly kind: 'ended'; readonly exit: ExitRecord; readonly live: LiveRecord | undefined }
  /** The monitor died without a report; the process may live. */
  | { readonly kind: 'lost'; readonly live: LiveRecord }
  /** No monitor has written anything: a launch is under way (its lock is held) or was cut off. */
  | { readonly kind: 'launching' };

const AT_REST: ReadonlySet<StoredStatus> = new Set(['created', 'exited', 'removing']);

export const SETTLED: Observation = { kind: 'settled' };

/** Whether the record alone is the truth: a container in this state has no process. */
export function isSettled({ status }: Pick<StoredState, 'status'>): boolean {
  return AT_REST.has(status);
}

export function observe(state: StoredState, paths: ContainerPaths): Observation {
  if (isSettled(state)) return SETTLED;
  const exit = readExitRecord(paths.exit);
  const live = readLiveRecord(paths.state);
  if (exit !== undefined) return { kind: 'ended', exit, live };
  if (live === undefined) return { kind: 'launching' };
  // A monitor that is about to end has hung up on its clients, and reports nothing more.
  if (!isEnding(live.monitor)) {
    return live.status === 'waiting' || isAlive(live.init) ? { kind: 'live', live } : { kind: 'ending', live };
  }
  // Read again: the monitor may have written the record and ended between the two looks.
  const late = readExitRecord(paths.exit);
  return late === undefined ? { kind: 'lost', live } : { kind: 'ended', exit: late, live };
}

export function isAlive({ pid, startTime }: ProcessRef): boolean {
  return pid !== 0 && processRef(pid)?.startTime === startTime;
}

/** Flag of a process from the beginning of its end on (linux/sched.h). */
const PF_EXITING = 0x4;

/**
 * Whether the process has ended or is about to. Its namespaces go before the process itself, and nobody can join them
 * any more.
 */
export function isEnding({ pid, startTime }: ProcessRef): boolean {
  const stat = readProcessStat(pid);
  return stat === undefined || stat.startTime !== startTime || (stat.flags & PF_EXITING) !== 0;
}

/** Whether the process was killed and still exists. */
export function isKilled(process: ProcessRef): boolean {
  return isAlive(process) && (isEnding(process) || hasPendingKill(process.pid));
}

/** Whether SIGKILL is in the masks of signals pending for the process or for its first thread. */
function hasPendingKill(pid: number): boolean {
  const masks = readIfReadable(`/proc/${String(pid)}/status`)?.matchAll(/^(?:SigPnd|ShdPnd):\t([0-9a-f]+)$/gm) ?? [];
  return [...masks].some(([, mask = '0']) => ((BigInt(`0x${mask}`) >> 8n) & 1n) === 1n);
}

/** Returns the process that has this pid now; undefined for a zombie, which has ended. */
export function processRef(pid: number): ProcessRef | undefined {
  const stat = readProcessStat(pid);
  return stat && { pid, startTime: stat.startTime };
}

/** Returns the status in the words that users know. */
export function statusOf(stored: StoredState, observation: Observation): ContainerStatus {
  switch (observation.kind) {
    case 'settled':
      return stored.status === 'created' || stored.status === 'removing' ? stored.status : 'exited';
    case 'live':
      return liveStatus(stored, observation.live);
    case 'ending':
      return 'stopped';
    case 'ended':
      return 'exited';
    case 'lost':
      if (!isAlive(observation.live.init)) return 'exited';
      return stored.status === 'stopping' ? 'stopping' : 'running';
    case 'launching':
      return 'created';
  }
}

function liveStatus(stored: StoredState, live: LiveRecord): ContainerStatus {
  const relaunching = isRelaunching(live);
  if (live.status === 'created' && !relaunching) return 'initialized';
  if (stored.status === 'stopping') return 'stopping';
  if (live.status === 'waiting' || relaunching) return 'restarting';
  return stored.status === 'paused' ? 'paused' : 'running';
}

/**
 * Whether a restart policy is starting the container again. Such a start does not stop at the gate: a process without
 * its command gets the command in a moment.
 */
export function isRelaunching({ status, restarts }: LiveRecord): boolean {
  return status === 'created' && restarts > 0;
}

/** Returns everything about the container that changes, for users. */
export function stateOf(container: StoredContainer, observation: Observation): ContainerState {
  const { state } = container;
  const status = statusOf(state, observation);
  const live = 'live' in observation ? observation.live : undefined;
  const settled = observation.kind === 'ended' ? endedState(state, observation.exit) : state;
  const runs = status !== 'exited' && status !== 'stopped' && status !== 'restarting';
  return {
    status,
    pid: runs ? (live?.init.pid ?? 0) : 0,
    monitorPid:
      live !== undefined && observation.kind !== 'ended' && observation.kind !== 'lost' ? live.monitor.pid : 0,
    exitCode: observation.kind === 'lost' && status === 'exited' ? -1 : settled.exitCode,
    oomKilled: settled.oomKilled,
    startedAt: dateOf(startOf(observation, settled)),
    finishedAt: dateOf(settled.finishedUs),
    restartCount: live?.restarts ?? settled.restarts,
    stoppedByUser: settled.stoppedByUser,
    error: settled.error,
  };
}

/** Returns the start time. While the container lives, the monitor knows it; the record has the time of the call. */
function startOf(observation: Observation, { startedUs }: StoredState): number {
  switch (observation.kind) {
    case 'settled':
    case 'ended':
      return startedUs;
    case 'launching':
      return 0;
    case 'live':
    case 'ending':
    case 'lost':
      return observation.live.startedUs;
  }
}

/** Returns the record after the end that the monitor reported. */
export function endedState(state: StoredState, exit: ExitRecord): StoredState {
  return {
    ...state,
    status: 'exited',
    exitCode: exitCodeOf(exit.code, exit.timedOut),
    exitSignal: exit.signal,
    oomKilled: exit.oomKilled,
    timedOut: exit.timedOut,
    startedUs: exit.startedUs,
    finishedUs: exit.finishedUs,
    restarts: exit.restarts,
    error: exit.error,
    updating: false,
  };
}

function dateOf(microseconds: number): Date | null {
  return microseconds === 0 ? null : new Date(microseconds / 1000);
}
