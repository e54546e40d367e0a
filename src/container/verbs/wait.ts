/** Waits for a container's end, or for a state. Takes no lock. */
import { abortedError, throwIfAborted, whenAborted } from '../../native/abort.js';
import { openProcess } from '../../native/process-handle.js';
import { noSuchContainer } from '../../state/lookup.js';
import { containerPaths, type ContainerPaths } from '../../storage/paths.js';
import { invalid, isTspodError, TspodError } from '../../errors.js';
import { WAIT_CONDITIONS, type ContainerState, type WaitCondition, type WaitOptions } from '../api/container.js';
import { whileOpen, type EngineContext } from '../context.js';
import { readHealth } from '../health/record.js';
import { withContainer, withFreeContainer } from '../held.js';
import { endsWithin } from '../monitor/end.js';
import { observe, stateOf, type Observation } from '../observe.js';
import { talkTo } from '../monitor/connect.js';
import { wakeMonitor } from '../monitor/wake.js';
import { finishRemoval } from '../settle/repair.js';
import { requireHealthcheck } from './healthcheck.js';
import { MAX_TIMER_MS } from '../../util/timer.js';

const DEFAULT_CONDITIONS: readonly WaitCondition[] = ['stopped', 'exited'];
const DEFAULT_INTERVAL_MS = 250;

const CONDITIONS: ReadonlySet<WaitCondition> = new Set(WAIT_CONDITIONS);

/** The exit code: 0 for a container that never ran, -1 if nobody knows, and of one that has reached a state that is no end. */
export async function waitForContainer(context: EngineContext, id: string, options: WaitOptions = {}): Promise<number> {
  const conditions = options.conditions ?? DEFAULT_CONDITIONS;
  for (const condition of conditions) {
    if (!CONDITIONS.has(condition)) {
      throw new TspodError(
        'INVALID_ARGUMENT',
        `invalid condition "${condition}": must be one of ${[...CONDITIONS].join(', ')}`,
      );
    }
  }
  const intervalMs = checkInterval(options.intervalMs);
  const wanted = new Set(conditions.map(statusOfCondition));
  if (wantsHealth(wanted)) requireHealthcheck(context, id);
  return whileOpen(context, options.signal, (signal) => reached(context, id, { wanted, intervalMs, signal }));
}

interface Wanting {
  readonly wanted: ReadonlySet<string>;
  readonly intervalMs: number;
  readonly signal: AbortSignal;
}

async function reached(context: EngineContext, id: string, { wanted, intervalMs, signal }: Wanting): Promise<number> {
  let isDismissed = false;
  for (;;) {
    throwIfAborted('wait', signal);
    const stored = context.store.get(id);
    if (stored === undefined) return removedCode(context, id);
    const paths = containerPaths(context.directories, id);
    const observation = observe(stored.state, paths);
    const state = stateOf(stored, observation);
    if (wantsEnd(wanted)) {
      if (state.status === 'exited') return state.exitCode;
      if (state.status === 'created' && observation.kind === 'settled') return 0;
    }
    if (isNow(wanted, state, paths)) return -1;
    const isInWork = observation.kind === 'launching' || stored.state.status === 'removing';
    if (isInWork && (await finishForDead(context, id))) continue;
    if (wantsEnd(wanted)) {
      if (observation.kind === 'lost') {
        await settleLost(context, id, signal);
        continue;
      }
      const onlyEnd = [...wanted].every(isEnd);
      const came = await someEnd(context, id, { observation, intervalMs, signal, onlyEnd, isDismissed });
      isDismissed ||= came === 'dismissed';
      if (came !== 'nothing') continue;
    }
    await pause(intervalMs, signal);
  }
}

function checkInterval(ms = DEFAULT_INTERVAL_MS): number {
  if (!(ms >= 0)) throw invalid(`intervalMs must be 0 or more, not ${ms}`);
  return Math.min(ms, MAX_TIMER_MS);
}

/** If nobody holds its lock, whoever was launching or removing it was killed: who waits does the rest, as the next command would. False if somebody is at work on it. */
async function finishForDead(context: EngineContext, id: string): Promise<boolean> {
  const finished = withFreeContainer(context, id, async (held) => {
    await finishRemoval(held);
    return true;
  });
  // What cannot be done now, the next command says.
  return (await finished.catch(() => undefined)) === true;
}

/** Nobody tells of the end of a container whose monitor was killed: whoever waits ends it, as the next command would. */
async function settleLost(context: EngineContext, id: string, signal: AbortSignal): Promise<void> {
  await withContainer(context, id, () => undefined, { signal, refreshes: true }).catch(ignoreGone);
}

function ignoreGone(error: unknown): void {
  if (!isTspodError(error, 'NO_SUCH_CONTAINER')) throw error;
}

/** `configured` is Podman's inner name for what it prints as created. */
function statusOfCondition(condition: WaitCondition): Exclude<WaitCondition, 'configured'> {
  return condition === 'configured' ? 'created' : condition;
}

/** Whether it is in a state that was wanted, or as healthy, or as unhealthy. `stopped` is no state to be in, but on the way to its end. */
function isNow(wanted: ReadonlySet<string>, { status }: ContainerState, paths: ContainerPaths): boolean {
  if (status !== 'stopped' && wanted.has(status)) return true;
  return wantsHealth(wanted) && status === 'running' && wanted.has(readHealth(paths).status);
}

function wantsHealth(wanted: ReadonlySet<string>): boolean {
  return wanted.has('healthy') || wanted.has('unhealthy');
}

function wantsEnd(wanted: ReadonlySet<string>): boolean {
  return [...wanted].some(isEnd);
}

function isEnd(condition: string): boolean {
  return condition === 'exited' || condition === 'stopped';
}

function removedCode({ store }: EngineContext, id: string): number {
  const code = store.exitCodeOfRemoved(id);
  if (code === undefined) throw noSuchContainer(id);
  return code;
}

interface Waiting {
  readonly observation: Observation;
  readonly intervalMs: number;
  readonly signal: AbortSignal;
  /** Nothing else is wanted, so that there is nothing to look for before. */
  readonly onlyEnd: boolean;
  /** The monitor, which talks to so many, has let us go: its end is to be found out without it. */
  readonly isDismissed: boolean;
}

/**
 * Waits for the monitor to tell of the end, or to be gone, and for the time between looks at most where something else is wanted; `nothing` if there is no
 * monitor to wait for, `dismissed` if it hung up without a word.
 */
async function someEnd(
  context: EngineContext,
  id: string,
  { observation, intervalMs, signal, onlyEnd, isDismissed }: Waiting,
): Promise<'something' | 'dismissed' | 'nothing'> {
  const talk = isDismissed ? undefined : await talkTo(containerPaths(context.directories, id).run);
  if (talk !== undefined) {
    let hungUp = false;
    const hangUp = () => {
      hungUp = true;
      talk.connection.close();
    };
    const forget = whenAborted(signal, hangUp);
    const timer = onlyEnd ? undefined : setTimeout(hangUp, intervalMs);
    await talk.exited();
    clearTimeout(timer);
    forget();
    const answer = hungUp || talk.exit !== undefined ? 'something' : 'dismissed';
    hangUp();
    return answer;
  }
  if (observation.kind !== 'live' && observation.kind !== 'ending') return 'nothing';
  const { monitor } = observation.live;
  wakeMonitor(monitor);
  using handle = openProcess(monitor.pid, monitor.startTime);
  // It writes the end down, and may then be there for long.
  if (handle !== undefined) await endsWithin(handle, intervalMs, signal, 'wait');
  return handle === undefined ? 'nothing' : 'something';
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => {
      forget();
      resolve();
    }, ms);
    const forget = whenAborted(signal, () => {
      clearTimeout(timer);
      reject(abortedError('wait', signal));
    });
  });
}
