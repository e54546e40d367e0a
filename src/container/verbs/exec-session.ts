/** Exec sessions: created, started and forgotten one by one, where a plain exec is all of that at once and leaves nothing. */
import { isTspodError, TspodError } from '../../errors.js';
import { connectMonitor } from '../../native/monitor-spawn.js';
import { openProcess } from '../../native/process-handle.js';
import { noSuchContainer } from '../../state/lookup.js';
import { containerPaths } from '../../storage/paths.js';
import type { AttachOptions, AttachSession, SignalOption, TerminalSize } from '../api.js';
import { readConfig } from '../config.js';
import { tracked, type EngineContext } from '../context.js';
import { parseDetachKeys } from '../detach-keys.js';
import { compileExec, execTarget, launchExec, type ExecTarget } from '../exec-launch.js';
import type {
  ExecCreateOptions,
  ExecInspect,
  ExecRemoveOptions,
  ExecSession,
  ExecStartOptions,
  ExecStopOptions,
} from '../exec-session-api.js';
import {
  claimStart,
  findSession,
  listSessions,
  lookAtSession,
  ownProcess,
  pruneSessions,
  removeSession,
  writeFailedStart,
  writeSession,
  type FoundSession,
} from '../exec-session-files.js';
import { recordExec } from '../exec-events.js';
import { exitCodeOf } from '../exit-status.js';
import { failpoint } from '../failpoint.js';
import { withContainer } from '../held.js';
import { newId } from '../ids.js';
import { MonitorTalk } from '../monitor-talk.js';
import type { LiveRecord } from '../run-record.js';
import { Session } from '../session.js';
import { planStdio, preservedFds, type StdioPlan } from '../stdio.js';
import { talkTo } from '../talk-to.js';
import { whenAborted } from '../when-aborted.js';
import { endIt } from './stop.js';

const DEFAULTS = { attachStdout: true, attachStderr: true };

/** Throws STATE_INVALID unless the container runs, INVALID_ARGUMENT for the options. */
export async function createExecSession(
  context: EngineContext,
  containerId: string,
  options: ExecCreateOptions,
): Promise<ExecSession> {
  return record(context, containerId, { options, oneCall: false });
}

/** Creation and start in one: what is cut off in between was never there. */
export async function startNewExecSession(
  context: EngineContext,
  containerId: string,
  options: ExecCreateOptions & ExecStartOptions,
): Promise<ExecSession> {
  const { fds, size, signal, ...createOptions } = options;
  const session = await record(context, containerId, { options: createOptions, oneCall: true });
  try {
    await session.start({
      ...(fds === undefined ? {} : { fds }),
      ...(size === undefined ? {} : { size }),
      ...(signal === undefined ? {} : { signal }),
    });
    return session;
  } catch (error) {
    await session.remove({ force: true, timeoutSec: 0 }).catch(() => undefined);
    throw error;
  }
}

interface Recording {
  readonly options: ExecCreateOptions;
  readonly oneCall: boolean;
}

async function record(
  context: EngineContext,
  containerId: string,
  { options, oneCall }: Recording,
): Promise<ExecSession> {
  const { attachStdout, attachStderr, detachKeys, ...execOptions } = { ...DEFAULTS, ...options };
  if (detachKeys !== undefined) parseDetachKeys(detachKeys);
  return withContainer(context, containerId, async (held) => {
    held.require('exec');
    // What it cannot run with is said now.
    execTarget(context, containerId, execOptions);
    await pruneSessions(held.paths.run);
    const id = newId();
    writeSession(held.paths.run, id, {
      createdMs: Date.now(),
      options: execOptions,
      attachStdout,
      attachStderr,
      ...(detachKeys === undefined ? {} : { detachKeys }),
      ...(oneCall ? { creator: creatorOf(ownProcess()) } : {}),
    });
    failpoint('exec-session-recorded');
    return execSessionHandle(context, { id, containerId });
  });
}

function creatorOf({ pid, startTime }: { readonly pid: number; readonly startTime: bigint }) {
  return { pid, startTime: String(startTime) };
}

/** All sessions of a container's present run, oldest first. */
export function execSessions(context: EngineContext, containerId: string): readonly ExecSession[] {
  if (context.store.get(containerId) === undefined) throw noSuchContainer(containerId);
  return listSessions(containerPaths(context.directories, containerId).run).map(({ id }) =>
    execSessionHandle(context, { id, containerId }),
  );
}

interface SessionName {
  readonly id: string;
  readonly containerId: string;
}

export function execSessionHandle(context: EngineContext, name: SessionName): ExecSession {
  return {
    ...name,
    state: () => found(context, name).sight.state,
    inspect: () => inspectSession(context, name),
    start: async (options = {}) => {
      const { talk } = await startSession(context, name, { options });
      // Its end is an event as long as this process is there, which does not stay for it.
      talk.connection.unref();
    },
    startAttached: async (options) => {
      const { session } = await startSession(context, name, { options, attach: options });
      if (session === undefined) throw new TypeError('an attached exec gave no session');
      return session;
    },
    attach: (options) => attachToSession(context, name, options),
    resize: (size) => resizeSession(context, name, size),
    stop: (options) => stopSession(context, name, options),
    wait: (options) => waitForSession(context, name, options),
    remove: (options) => removeExecSession(context, name, options),
  };
}

/** Throws NO_SUCH_EXEC_SESSION. */
function found({ directories, store }: EngineContext, { id, containerId }: SessionName): FoundSession {
  store.requireOpen();
  const session = findSession(containerPaths(directories, containerId).run, id);
  if (session === undefined) throw noSuchSession({ id, containerId });
  return session;
}

function noSuchSession({ id, containerId }: SessionName): TspodError {
  return new TspodError(
    'NO_SUCH_EXEC_SESSION',
    `container ${containerId} has no exec session with ID ${id}: no such exec session`,
    { details: { id, containerId } },
  );
}

function refusal(words: string, { id, containerId }: SessionName): TspodError {
  return new TspodError('STATE_INVALID', `${words}: exec session state improper`, { details: { id, containerId } });
}

function exitCode({ sight }: FoundSession): number {
  if (sight.state !== 'stopped') return 0;
  return sight.exit === undefined ? -1 : exitCodeOf(sight.exit.code, sight.exit.timedOut);
}

function inspectSession(context: EngineContext, name: SessionName): ExecInspect {
  const session = found(context, name);
  const { config, sight } = session;
  const { options } = config;
  const tty = options.tty ?? false;
  const [entrypoint = '', ...args] = options.command;
  return {
    ID: name.id,
    ContainerID: name.containerId,
    Running: sight.state === 'running',
    Pid: sight.state === 'running' ? sight.live.init.pid : 0,
    ExitCode: exitCode(session),
    CanRemove: sight.state === 'stopped',
    DetachKeys: config.detachKeys ?? '',
    OpenStdin: options.interactive ?? false,
    OpenStdout: tty || config.attachStdout,
    OpenStderr: tty || config.attachStderr,
    ProcessConfig: {
      entrypoint,
      arguments: args,
      privileged: options.privileged ?? false,
      tty,
      user: options.user ?? '',
    },
  };
}

interface StartRequest {
  readonly options: ExecStartOptions;
  readonly attach?: AttachOptions;
}

interface StartedSession {
  readonly talk: MonitorTalk;
  readonly session: Session | undefined;
}

async function startSession(context: EngineContext, name: SessionName, request: StartRequest): Promise<StartedSession> {
  const { id, containerId } = name;
  return withContainer(
    context,
    containerId,
    async (held) => {
      const session = found(context, name);
      const { config, directory, sight } = session;
      held.require('exec');
      const target = execTarget(context, containerId, config.options);
      const stdio = sessionStdio(session, target, request.options);
      if (sight.state !== 'created' || !claimStart(directory)) {
        throw refusal(
          `can only start created exec sessions, while container ${containerId} session ${id} state is "${sight.state}"`,
          name,
        );
      }
      failpoint('exec-session-claimed');
      try {
        const started = await launchSession(context, { session, target, stdio, request });
        recordExec(context, held, started.talk);
        return started;
      } catch (error) {
        writeFailedStart(directory, isTspodError(error, 'COMMAND_NOT_FOUND') ? 127 : 126);
        throw error;
      }
    },
    { signal: request.options.signal },
  );
}

function sessionStdio({ config }: FoundSession, { request }: ExecTarget, options: ExecStartOptions): StdioPlan {
  const { tty, interactive, preserveFds, preserveFd } = request;
  const planned = planStdio({
    direct: undefined,
    through: { stdin: interactive, output: true },
    stdinOnce: !tty,
    preserved: preservedFds(preserveFds, options.fds),
    kept: preserveFd,
    size: options.size,
  });
  if (tty) return planned;
  const { stdio } = planned;
  return {
    ...planned,
    stdio: {
      ...stdio,
      ...(config.attachStdout ? {} : { stdout: 'null' }),
      ...(config.attachStderr ? {} : { stderr: 'null' }),
    },
  };
}

interface SessionLaunch {
  readonly session: FoundSession;
  readonly target: ExecTarget;
  readonly stdio: StdioPlan;
  readonly request: StartRequest;
}

async function launchSession(context: EngineContext, launch: SessionLaunch): Promise<StartedSession> {
  const { session, target, stdio, request } = launch;
  let attached: Session | undefined;
  const { talk } = await launchExec(compileExec(context, target, stdio, session.directory), {
    fds: stdio.fds,
    signal: request.options.signal,
    before: (before) => {
      if (request.attach === undefined) return;
      const connected = connectStreams(before, session, request.attach);
      attached = connected;
    },
  });
  return { talk, session: attached };
}

function connectStreams(talk: MonitorTalk, { config }: FoundSession, options: AttachOptions): Session {
  const { tty = false, interactive = false } = config.options;
  const keys = options.detachKeys ?? config.detachKeys;
  const session = new Session({
    connection: talk.connection,
    options: { ...options, ...(keys === undefined ? {} : { detachKeys: keys }) },
    hasStdin: tty || interactive,
  });
  talk.listen((message) => {
    session.take(message);
  });
  return session;
}

function requireRunning(session: FoundSession, name: SessionName, words: (state: string) => string): LiveRecord {
  if (session.sight.state === 'running') return session.sight.live;
  throw refusal(words(session.sight.state), name);
}

async function attachToSession(
  context: EngineContext,
  name: SessionName,
  options: AttachOptions,
): Promise<AttachSession> {
  const session = found(context, name);
  const words = (state: string) =>
    `can only attach to running exec sessions, while container ${name.containerId} session ${name.id} state is "${state}"`;
  requireRunning(session, name, words);
  let talk;
  try {
    talk = new MonitorTalk(await connectMonitor(session.directory));
  } catch {
    throw refusal(words('stopped'), name);
  }
  const attached = connectStreams(talk, session, options);
  await attached.attached;
  return attached;
}

async function resizeSession(context: EngineContext, name: SessionName, size: TerminalSize): Promise<void> {
  const session = found(context, name);
  requireRunning(
    session,
    name,
    () => `cannot resize container ${name.containerId} exec session ${name.id} as it is not running`,
  );
  const talk = await talkTo(session.directory);
  if (talk === undefined) return; // it has just ended
  talk.connection.send('resize', { rows: size.rows, columns: size.columns });
  await talk.connection.drained();
  talk.connection.close();
}

async function stopSession(context: EngineContext, name: SessionName, options: ExecStopOptions = {}): Promise<void> {
  const session = found(context, name);
  const live = requireRunning(
    session,
    name,
    (state) => `container ${name.containerId} exec session ${name.id} is "${state}", can only stop running sessions`,
  );
  await tracked(context, () => endCommand(context, name.containerId, { live, options }));
}

interface Ending {
  readonly live: LiveRecord;
  readonly options: ExecStopOptions;
}

/** The container's stop signal and time, as for the container itself. */
async function endCommand(context: EngineContext, containerId: string, { live, options }: Ending): Promise<void> {
  const config = readConfig(context, containerId);
  using process = openProcess(live.init.pid, live.init.startTime);
  using monitor = openProcess(live.monitor.pid, live.monitor.startTime);
  await endIt(
    {
      id: containerId,
      name: containerId,
      process,
      talk: undefined,
      monitor,
      signal: config.stopSignal,
      timeoutSec: options.timeoutSec ?? config.stopTimeoutSec,
    },
    options.signal === undefined ? {} : { signal: options.signal },
  );
}

async function waitForSession(context: EngineContext, name: SessionName, options: SignalOption = {}): Promise<number> {
  const session = found(context, name);
  const { directory, sight } = session;
  if (sight.state === 'created') {
    throw refusal(`container ${name.containerId} exec session ${name.id} was not started`, name);
  }
  if (sight.state === 'stopped') return exitCode(session);
  const talk = await talkTo(directory);
  if (talk !== undefined) {
    // Asked for nothing, it says the end all the same.
    const forget = whenAborted(options.signal, () => {
      talk.connection.close();
    });
    await talk.closed();
    forget();
    if (talk.exit !== undefined) return talk.exit.exitCode;
  }
  options.signal?.throwIfAborted();
  // Its monitor has ended, or was killed.
  using process = openProcess(sight.live.init.pid, sight.live.init.startTime);
  await process?.wait(options.signal === undefined ? {} : { signal: options.signal });
  const after = lookAtSession(directory);
  return exitCode({ ...session, sight: after.state === 'stopped' ? after : { state: 'stopped', exit: undefined } });
}

async function removeExecSession(
  context: EngineContext,
  name: SessionName,
  options: ExecRemoveOptions = {},
): Promise<void> {
  const session = found(context, name);
  if (session.sight.state === 'running') {
    if (options.force !== true) {
      throw refusal(`container ${name.containerId} exec session ${name.id} is still running, cannot remove`, name);
    }
    const { live } = session.sight;
    await tracked(context, () => endCommand(context, name.containerId, { live, options }));
  }
  await withContainer(context, name.containerId, () => removeSession(session.directory), { signal: options.signal });
}
