/**
 * Exec sessions as files: `exec/ID/` in the run directory of their container, so that they go with its run. The engine
 * writes `config` and, before a start, `start`; the monitor of the command keeps `state`, `attach` and `exit` there, as
 * a container's monitor does.
 */
import { existsSync, linkSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';

import { readIfThere } from '../../native/if-there.js';
import { connectMonitor } from '../../native/monitor-spawn.js';
import { removeTreeSync } from '../../native/tree.js';
import type { ProcessRef } from '../../plan/context.js';
import type { ExecOptions } from '../../spec/create-options.js';
import { TspodError } from '../../errors.js';
import { isAlive, processRef } from '../observe.js';
import { readExitRecord, readLiveRecord, type ExitRecord, type LiveRecord } from '../monitor/run-record.js';
import { requireGone } from '../../util/gone.js';

/** How long stopped sessions are kept, for those who ask how they ended. */
const KEPT_MS = 5 * 60 * 1000;

/** Limit of the exec sessions of one container, in any state. */
const MAX_EXEC_SESSIONS = 1024;

const ID = /^[0-9a-f]{64}$/;

/** The configuration of a session, written once. */
export interface ExecSessionConfig {
  readonly createdMs: number;
  readonly options: ExecOptions;
  readonly attachStdout: boolean;
  readonly attachStderr: boolean;
  /** Absent: the default keys. */
  readonly detachKeys?: string;
  /**
   * The process that creates and starts the session in one call: when it is gone, a session that was not started counts
   * as never created.
   */
  readonly creator?: { readonly pid: number; readonly startTime: string };
}

/** State of a session. */
export type SessionSight =
  | { readonly state: 'created' }
  /** `monitored` false: the monitor was killed. */
  | { readonly state: 'running'; readonly live: LiveRecord; readonly monitored: boolean }
  /** `exit` undefined: nobody knows how the command ended. */
  | { readonly state: 'stopped'; readonly exit: ExitRecord | undefined };

export interface FoundSession {
  readonly id: string;
  readonly directory: string;
  readonly config: ExecSessionConfig;
  readonly sight: SessionSight;
}

function sessionsDirectory(run: string): string {
  return `${run}/exec`;
}

function sessionDirectory(run: string, id: string): string {
  return `${sessionsDirectory(run)}/${id}`;
}

/** Returns the paths of the files in which the monitor records the state and the end of the command. */
export function recordsOf({ directory }: Pick<FoundSession, 'directory'>): {
  readonly state: string;
  readonly exit: string;
} {
  return { state: `${directory}/state`, exit: `${directory}/exit` };
}

/** Writes a session, which appears under its name when it is complete. Throws ENOENT when the run directory is gone. */
export function writeSession(run: string, id: string, config: ExecSessionConfig): void {
  const directory = sessionDirectory(run, id);
  const unready = `${directory}.new`;
  if (!existsSync(sessionsDirectory(run))) mkdirSync(sessionsDirectory(run), { mode: 0o700 });
  mkdirSync(unready, { mode: 0o700 });
  writeFileSync(`${unready}/config`, JSON.stringify(config), { mode: 0o600 });
  renameSync(unready, directory);
}

/** Finds a session by its id; undefined if there is none. */
export function findSession(run: string, id: string): FoundSession | undefined {
  if (!ID.test(id)) return undefined;
  const directory = sessionDirectory(run, id);
  const config = readSessionConfig(directory);
  if (config === undefined) return undefined;
  const sight = lookAtSession(directory);
  return isAbandoned(config, directory, sight) ? undefined : { id, directory, config, sight };
}

/** Returns all sessions of a run, oldest first. */
export function listSessions(run: string): readonly FoundSession[] {
  return sessionNames(run)
    .flatMap((id) => findSession(run, id) ?? [])
    .sort((one, other) => one.config.createdMs - other.config.createdMs || (one.id < other.id ? -1 : 1));
}

function sessionNames(run: string): readonly string[] {
  try {
    return readdirSync(sessionsDirectory(run));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

function readSessionConfig(directory: string): ExecSessionConfig | undefined {
  const text = readIfThere(`${directory}/config`);
  return text === undefined ? undefined : (JSON.parse(text) as ExecSessionConfig);
}

export function lookAtSession(directory: string): SessionSight {
  const exit = readExitRecord(`${directory}/exit`);
  if (exit !== undefined) return { state: 'stopped', exit };
  const live = readLiveRecord(`${directory}/state`);
  if (live === undefined) {
    const starter = readStarter(directory);
    return starter === undefined || isAlive(starter) ? { state: 'created' } : { state: 'stopped', exit: undefined };
  }
  const monitored = isAlive(live.monitor);
  if (monitored || isAlive(live.init)) {
    // Between the end of the command and its record the monitor drains the streams.
    return { state: 'running', live, monitored };
  }
  // The monitor may have written the record and ended between the two looks.
  return { state: 'stopped', exit: readExitRecord(`${directory}/exit`) };
}

/** Whether the process that was to start the session is gone, and the command never ran. */
function isAbandoned(config: ExecSessionConfig, directory: string, sight: SessionSight): boolean {
  if (config.creator === undefined) return false;
  if (sight.state === 'running' || (sight.state === 'stopped' && sight.exit !== undefined)) return false;
  if (existsSync(`${directory}/state`)) return false;
  return !isAlive({ pid: config.creator.pid, startTime: BigInt(config.creator.startTime) });
}

/**
 * Records that this process starts the session, which can happen once. Returns false if another process has claimed the
 * start.
 */
export function claimStart(directory: string): boolean {
  const { pid, startTime } = ownProcess();
  try {
    writeFileSync(`${directory}/start`, `${String(pid)} ${String(startTime)}\n`, { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Whether a living process has claimed the start of a session that is `created`, and is about to start it. */
export function isClaimed(directory: string): boolean {
  return existsSync(`${directory}/start`);
}

/**
 * Records a failed start as the end of the session, with an exit code that says why: there is no second start. An end
 * that the monitor has recorded stays.
 */
export function writeFailedStart(directory: string, code: number): void {
  const nowNs = String(BigInt(Date.now()) * 1_000_000n);
  const text = `code ${String(code)}\nsignal 0\noom 0\ntimedout 0\nstarted 0\nfinished ${nowNs}\nrestarts 0\n`;
  try {
    writeFileSync(`${directory}/exit.failed`, text, { mode: 0o600 });
    linkSync(`${directory}/exit.failed`, `${directory}/exit`);
  } catch (error) {
    // The container has ended meanwhile and took the session along, or the monitor has recorded an end.
    const { code: reason } = error as NodeJS.ErrnoException;
    if (reason !== 'ENOENT' && reason !== 'EEXIST') throw error;
  } finally {
    rmSync(`${directory}/exit.failed`, { force: true });
  }
}

export function ownProcess(): ProcessRef {
  const found = processRef(process.pid);
  if (found === undefined) throw new TypeError('this process has no entry in /proc');
  return found;
}

function readStarter(directory: string): ProcessRef | undefined {
  const match = /^(\d+) (\d+)\n$/.exec(readIfThere(`${directory}/start`) ?? '');
  if (match?.[1] === undefined || match[2] === undefined) return undefined;
  return { pid: Number(match[1]), startTime: BigInt(match[2]) };
}

/** Whether the session's end has been recorded as an event, or need not be. */
export function isEndRecorded(directory: string): boolean {
  return existsSync(`${directory}/told`) || !existsSync(`${directory}/state`);
}

export function markEndRecorded(directory: string): void {
  try {
    writeFileSync(`${directory}/told`, '', { mode: 0o600 });
  } catch (error) {
    // The session was removed in the meantime.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

/** Removes sessions that are no longer kept, before one is added. Throws INVALID_ARGUMENT if there are too many. */
export async function pruneSessions(run: string): Promise<void> {
  let kept = 0;
  for (const name of sessionNames(run)) {
    if (isForgotten(run, name)) await removeSession(sessionDirectory(run, name));
    else kept += 1;
  }
  if (kept < MAX_EXEC_SESSIONS) return;
  throw new TspodError(
    'INVALID_ARGUMENT',
    `a container has at most ${String(MAX_EXEC_SESSIONS)} exec sessions: remove some`,
  );
}

function isForgotten(run: string, name: string): boolean {
  if (!ID.test(name)) return true;
  const found = findSession(run, name);
  if (found === undefined) return true;
  if (found.sight.state !== 'stopped') return false;
  const ended = statSync(found.directory, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  return Date.now() - ended > KEPT_MS;
}

/** Removes a session. One whose starter died may have a monitor at work, and stays then. */
export async function removeSession(directory: string): Promise<void> {
  const aside = directory.endsWith('.cut') ? directory : `${directory}.cut`;
  if (aside !== directory) {
    try {
      renameSync(directory, aside);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
      throw error;
    }
  }
  if (await hasMonitor(aside)) renameSync(aside, aside.slice(0, -'.cut'.length));
  else removeBusyTree(aside);
}

async function hasMonitor(directory: string): Promise<boolean> {
  const live = readLiveRecord(`${directory}/state`);
  if (live !== undefined) return isAlive(live.monitor) && readExitRecord(`${directory}/exit`) === undefined;
  if (!existsSync(`${directory}/attach`)) return false;
  try {
    (await connectMonitor(directory)).close();
    return true;
  } catch (error) {
    requireGone(error);
    return false;
  }
}

/** Deletes a tree in which monitors of sessions may still be recording ends. */
export function removeBusyTree(path: string): void {
  for (let attempt = 0; ; attempt += 1) {
    try {
      removeTreeSync(path);
      return;
    } catch (error) {
      // Each monitor makes a file or two more, and then none.
      if ((error as { code?: unknown }).code !== 'ENOTEMPTY' || attempt === MAX_EXEC_SESSIONS) throw error;
    }
  }
}

/** Returns the monitors that are still recording the end of their command, and whose starter is gone. */
export function lastMonitors(run: string): readonly ProcessRef[] {
  return activeSessions(run).flatMap(({ directory, sight }) => {
    if (sight.state !== 'running' || isAlive(sight.live.init)) return [];
    const starter = readStarter(directory);
    return starter !== undefined && isAlive(starter) ? [] : [sight.live.monitor];
  });
}

/** Returns the sessions whose command runs. */
export function activeSessions(run: string): readonly FoundSession[] {
  return listSessions(run).filter(({ sight }) => sight.state === 'running');
}
