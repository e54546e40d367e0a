/** Starts a container, or creates its process, which waits before its exec. */
import { messageOf, TspodError } from '../../errors.js';
import { abortedError, whenAborted } from '../../native/abort.js';
import { realTimeUs } from '../../native/primitives.js';
import { openProcess } from '../../native/process-handle.js';
import type { Plan } from '../../plan/ops.js';
import { noSuchPod } from '../../state/lookup.js';
import { NEW_LIFE, type StoredState } from '../../state/records.js';
import type { AttachOptions, AttachSession, ExitStatus, StartOptions } from '../api/container.js';
import { startDependencies } from '../namespaces/dependencies.js';
import type { EngineContext } from '../context.js';
import { recordContainerEvent } from '../events.js';
import { failpoint } from '../failpoint.js';
import { withContainer, type HeldContainer } from '../held.js';
import { launchError } from '../launch/error.js';
import { withRuntimeWords } from '../oci-runtime/errors.js';
import { launch, readGatedPlan, undoLaunch, type Launch, type LaunchOptions } from '../launch/launch.js';
import { monitorEnd } from '../monitor/end.js';
import { signalProcess } from '../monitor/signal-process.js';
import type { LaunchAnswer, MonitorTalk } from '../monitor/talk.js';
import type { Observation } from '../observe.js';
import { containerStdio } from '../streams/stdio.js';
import { withInfra } from '../pod/infra.js';
import { knownConfig, readableConfig } from '../settle/readable-config.js';
import { Session } from '../streams/session.js';
import { removeEnded } from '../settle/auto-remove.js';
import { settle } from '../settle/settle.js';
import { talkTo } from '../monitor/connect.js';
import { justEnded } from '../transitions.js';

/** Creates a container's process, which waits before its exec. Throws STATE_INVALID unless it has no process. */
export async function initContainer(context: EngineContext, id: string, options: StartOptions = {}): Promise<void> {
  await withDependenciesStarted(context, id, { options, launch: (inner) => initLocked(inner, id, options) });
}

async function initLocked(context: EngineContext, id: string, options: StartOptions): Promise<void> {
  await withContainer(
    context,
    id,
    async (held) => {
      held.require('init');
      const { talk } = await launchRecorded(held, {
        status: 'initialized',
        options: launchOptions(held, options, { gate: true }),
      });
      talk.connection.close();
    },
    { signal: options.signal },
  );
}

/**
 * Starts a container; an initialized one goes on. Throws STATE_RUNNING if it runs, STATE_INVALID if it is paused or
 * being ended.
 */
export async function startContainer(context: EngineContext, id: string, options: StartOptions = {}): Promise<void> {
  await withDependenciesStarted(context, id, { options, launch: (inner) => startLocked(inner, id, options) });
}

async function startLocked(context: EngineContext, id: string, options: StartOptions): Promise<void> {
  await withContainer(
    context,
    id,
    async (held) => {
      held.require('start');
      const opened = held.status === 'initialized' ? await openGate(held, options.signal) : undefined;
      const { talk } =
        opened ?? (await launchRecorded(held, { status: 'active', options: launchOptions(held, options, {}) }));
      releaseMonitor(held, talk);
    },
    { signal: options.signal },
  );
}

/** Like startContainer(), with streams connected before anything runs. */
export async function startAttached(
  context: EngineContext,
  id: string,
  options: AttachOptions & StartOptions,
): Promise<AttachSession> {
  return withDependenciesStarted(context, id, { options, launch: (inner) => startAttachedLocked(inner, id, options) });
}

async function startAttachedLocked(
  context: EngineContext,
  id: string,
  options: AttachOptions & StartOptions,
): Promise<AttachSession> {
  return withContainer(
    context,
    id,
    async (held) => {
      held.require('start');
      const onEnd = (exit: ExitStatus | undefined) => removeEnded(context, held, exit);
      const opened = held.status === 'initialized' ? await openGateAttached(held, { options, onEnd }) : undefined;
      if (opened !== undefined) return opened;
      const { session, answer } = await launchRecorded(held, {
        status: 'active',
        options: {
          ...launchOptions(held, options, { attachedInput: options.stdin !== undefined }),
          attach: options,
          onEnd,
        },
      });
      if (session === undefined) throw new TypeError('an attached launch gave no session');
      recordAttach(held, answer.startedUs);
      return session;
    },
    { signal: options.signal },
  );
}

/** Records `attach` with the time of the start, since the container may have ended by now. */
function recordAttach({ context, id, name }: HeldContainer, timeUs: number): void {
  recordContainerEvent(context, { id, name, status: 'attach', timeUs });
}

function launchOptions(
  held: HeldContainer,
  options: StartOptions,
  { gate = false, attachedInput = false }: { readonly gate?: boolean; readonly attachedInput?: boolean },
): LaunchOptions {
  return {
    stdio: containerStdio(held.config, {
      stdio: options.stdio,
      fds: options.fds,
      listenFds: options.listenFds,
      size: options.size,
      attachedInput,
    }),
    gate,
    signal: options.signal,
  };
}

interface RecordedLaunch {
  readonly status: 'initialized' | 'active';
  readonly options: LaunchOptions;
}

/**
 * Launches the container. The intent is recorded first; after a failed launch the record is as before, except for the
 * error.
 */
async function launchRecorded(held: HeldContainer, { status, options }: RecordedLaunch): Promise<Launch> {
  // In a batch the container may have ended since the last look: its monitor must be gone, and its end recorded.
  if (held.observation.kind !== 'settled') await settle(held);
  const before = held.state;
  saveStart(held, { ...NEW_LIFE, status, startedUs: status === 'active' ? realTimeUs() : 0 });
  failpoint('launch-recorded');
  try {
    return await launch(held, options);
  } catch (error) {
    await undoLaunch(held);
    held.save({ ...before, error: messageOf(error) });
    throw error;
  }
}

/**
 * Saves the state of a start, in one transaction with the look at the container's pod, so that this start sees a
 * removal of the pod, or is seen by it. Throws NO_SUCH_POD.
 */
function saveStart(held: HeldContainer, state: Partial<StoredState>): void {
  const { store } = held.context;
  const pod = readableConfig(held)?.pod;
  if (pod === undefined) {
    held.save(state);
    return;
  }
  store.transaction(() => {
    if (store.pods.get(pod.id)?.removing === true) throw noSuchPod(pod.id);
    held.save(state);
  });
}

/** Starts an initialized container. Returns undefined if it is to be launched anew. */
async function openGate(held: HeldContainer, signal: AbortSignal | undefined): Promise<Opened | undefined> {
  const talk = await talkTo(held.paths.run);
  const startedUs = await askToStart(held, { talk, signal });
  return startedUs === undefined ? undefined : { talk, startedUs };
}

interface Opened extends Pick<Asking, 'talk'> {
  readonly startedUs: number;
}

interface Asking {
  /** Absent if the monitor no longer listens: it is about to end. */
  readonly talk: MonitorTalk | undefined;
  readonly signal: AbortSignal | undefined;
}

/**
 * Has the monitor start an initialized container, and returns when that was. Returns undefined if the monitor has given
 * up, since whoever launched it died in the middle of that. After a failure (the program cannot be executed, for
 * example) and after an abort, the initialized process is gone.
 */
async function askToStart(held: HeldContainer, asking: Asking): Promise<number | undefined> {
  try {
    return await requestStart(held, asking);
  } catch (error) {
    asking.talk?.connection.close();
    throw error;
  }
}

async function requestStart(held: HeldContainer, { talk, signal }: Asking): Promise<number | undefined> {
  const plan = readGatedPlan(held.paths);
  const isBeingStopped = held.state.status === 'stopping';
  // Opened now: the processes may be about to end.
  const live = held.observation.kind === 'live' ? held.observation.live : undefined;
  using monitorHandle = live && openProcess(live.monitor.pid, live.monitor.startTime);
  using initHandle = live && openProcess(live.init.pid, live.init.startTime);
  saveStart(held, { status: 'active', startedUs: realTimeUs() });
  failpoint('gate-recorded');
  const answered = talk?.start();
  failpoint('start-asked');
  const forget = whenAborted(signal, () => {
    // In this order, so that no policy starts the container again.
    signalProcess(monitorHandle, 'SIGTERM');
    signalProcess(initHandle, 'SIGKILL');
  });
  const answer = (await answered) ?? { kind: 'closed' };
  forget();
  if (answer.kind === 'started' && signal?.aborted !== true) {
    recordStart(held, answer.startedUs);
    return answer.startedUs;
  }
  await talk?.closed();
  if (monitorHandle !== undefined) await monitorEnd(monitorHandle, held.paths);
  const error = isBeingStopped ? stoppedBefore(held) : startError(held, { plan, answer, signal });
  return await settleUnstarted(held, error);
}

/** Settles a container whose monitor is gone without having started it. Returns as askToStart(). */
async function settleUnstarted(held: HeldContainer, error: TspodError): Promise<number | undefined> {
  const observation = held.look();
  const ranUs = error.code === 'ABORTED' ? 0 : lastStart(observation);
  if (ranUs !== 0) {
    // Somebody who has died since has started it. It has ended as well, and that is the record.
    recordStart(held, ranUs);
    await settle(held);
    return ranUs;
  }
  await settle(held);
  const wasGivenUp = observation.kind === 'launching' && error.code === 'MONITOR_DIED';
  held.save({ ...NEW_LIFE, status: 'created', error: wasGivenUp ? '' : error.message });
  if (!wasGivenUp) throw error;
  return undefined;
}

function recordStart({ context, id, name }: HeldContainer, timeUs: number): void {
  recordContainerEvent(context, { id, name, status: 'start', timeUs });
}

/** Returns the time of the last start; 0 if the command never ran. */
function lastStart(observation: Observation): number {
  if (observation.kind === 'ended') return observation.exit.startedUs;
  return 'live' in observation ? observation.live.startedUs : 0;
}

interface NotStarted {
  readonly plan: Plan | undefined;
  readonly answer: LaunchAnswer;
  readonly signal: AbortSignal | undefined;
}

function startError(held: HeldContainer, { plan, answer, signal }: NotStarted): TspodError {
  if (signal?.aborted === true) return abortedError('start', signal);
  return answer.kind === 'failed' && plan !== undefined
    ? withRuntimeWords(launchError(plan, answer), held)
    : new TspodError('MONITOR_DIED', `the monitor of container ${held.id} died while it started it`);
}

/** Error for a container whose stop was under way, without the lock, and came first. */
function stoppedBefore({ id }: HeldContainer): TspodError {
  return new TspodError('STATE_INVALID', `container ${id} was stopped before it had started: container state improper`);
}

/**
 * Starts an initialized container with streams connected first. Returns undefined if it is to be launched anew. Throws
 * CONTAINER_STOPPED if somebody who has died since has started it, and it has ended before we were connected.
 */
async function openGateAttached(
  held: HeldContainer,
  {
    options,
    onEnd,
  }: {
    readonly options: AttachOptions;
    readonly onEnd: (exit: ExitStatus | undefined) => Promise<ExitStatus | undefined>;
  },
): Promise<AttachSession | undefined> {
  const { signal } = options;
  const talk = await talkTo(held.paths.run);
  if (talk === undefined) {
    const startedUs = await askToStart(held, { talk, signal });
    if (startedUs === undefined) return undefined;
    throw justEnded(held.id);
  }
  const session = new Session({
    connection: talk.connection,
    options,
    hasStdin: held.config.interactive,
    launches: true,
    onEnd,
  });
  talk.listen((message) => {
    session.take(message);
  });
  await session.attached;
  const startedUs = await askToStart(held, { talk, signal });
  if (startedUs === undefined) return undefined;
  recordAttach(held, startedUs);
  return session;
}

/**
 * Lets the monitor go on alone. At its end a container with `autoRemove` is removed by this process, if that is still
 * there.
 */
function releaseMonitor(held: HeldContainer, talk: MonitorTalk | undefined): void {
  if (!held.state.autoRemove) {
    talk?.connection.close();
    return;
  }
  const { context } = held;
  talk?.connection.unref();
  const closed = talk?.closed() ?? Promise.resolve();
  // close() waits only for the removal, which is a change under way, not for the life before it. A closed engine leaves
  // the removal to the next one.
  void closed.then(() => removeEnded(context, held, talk?.exit)).catch(() => undefined);
}

/**
 * Launches the container when the infra container of its pod runs and, with `recursive`, the containers that it depends
 * on.
 */
function withDependenciesStarted<T>(
  context: EngineContext,
  id: string,
  { options, launch }: { readonly options: StartOptions; readonly launch: (inner: EngineContext) => Promise<T> },
): Promise<T> {
  const { signal, recursive } = options;
  return withInfra(context, knownConfig(context, id), {
    signal,
    start: (inner, infra) => startContainer(inner, infra, signal === undefined ? {} : { signal }),
    launch: async (inner) => {
      if (recursive === true) await startDonors(inner, id, options);
      return launch(inner);
    },
  });
}

async function startDonors(context: EngineContext, id: string, { signal }: StartOptions): Promise<void> {
  const options = signal === undefined ? {} : { signal };
  await startDependencies(context, id, { startOne: (dependency) => startContainer(context, dependency, options) });
}
