/** Waits for a container's end, or for a state. Takes no lock. */
import { sleep, throwIfAborted, whenAborted } from '../../native/abort.js';
import { openProcess } from '../../native/process-handle.js';
import { noSuchContainer } from '../../state/lookup.js';
import { containerPaths, type ContainerPaths } from '../../storage/paths.js';
import { invalid, TspodError } from '../../errors.js';
import { WAIT_CONDITIONS, type ContainerState, type WaitCondition, type WaitOptions } from '../api/container.js';
import { whileOpen, type EngineContext } from '../context.js';
import { readHealth } from '../health/record.js';
import { settleNow, withFreeContainer } from '../held.js';
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

/**
 * Waits, and returns the exit code: 0 for a container that never ran, -1 if nobody knows, or if it has reached a state
 * that is not an end.
 */
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
  return whileOpen(context, options.signal, (signal) => waitUntilReached(context, id, { wanted, intervalMs, signal }));
}

interface Wanting {
  readonly wanted: ReadonlySet<string>;
  readonly intervalMs: number;
  readonly signal: AbortSignal;
}

async function waitUntilReached(
  context: EngineContext,
  id: string,
  { wanted, intervalMs, signal }: Wanting,
): Promise<number> {
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
    if (isInWork && (await finishCutOff(context, id))) continue;
    if (wantsEnd(wanted)) {
      if (observation.kind === 'lost') {
        // Nobody else ends a container whose monitor was killed.
        await settleNow(context, id, signal);
        continue;
      }
      const onlyEnd = [...wanted].every(isEnd);
      const came = await waitForEnd(context, id, { observation, intervalMs, signal, onlyEnd, isDismissed });
      isDismissed ||= came === 'dismissed';
      if (came !== 'nothing') continue;
    }
    await sleep(intervalMs, 'wait', signal);
  }
}

function checkInterval(ms = DEFAULT_INTERVAL_MS): number {
  if (!(ms >= 0)) throw invalid(`intervalMs must be 0 or more, not ${ms}`);
  return Math.min(ms, MAX_TIMER_MS);
}

/**
 * Does the rest for whoever was launching or removing the container and was killed, as the next command would. Returns
 * false if somebody holds its lock, and so is at work on it.
 */
async function finishCutOff(context: EngineContext, id: string): Promise<boolean> {
  const finished = withFreeContainer(context, id, async (held) => {
    await finishRemoval(held);
    return true;
  });
  // The next command reports what cannot be done now.
  return (await finished.catch(() => undefined)) === true;
}

/** Returns the status that a condition means. `configured` is Podman's internal name for what it prints as created. */
function statusOfCondition(condition: WaitCondition): Exclude<WaitCondition, 'configured'> {
  return condition === 'configured' ? 'created' : condition;
}

/**
 * Whether the container is in a wanted state, or as healthy or unhealthy as was wanted. `stopped` does not count: it is
 * on the way to the end.
 */
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
  /** Nothing but the end is wanted, so that there is nothing to look for before. */
  readonly onlyEnd: boolean;
  /** The monitor, which has too many clients, has hung up: the end is to be found out without it. */
  readonly isDismissed: boolean;
}

/**
 * Waits until the monitor reports the end or is gone, but only until the next look if something else is wanted.
 * `nothing`: there is no monitor to wait for; `dismissed`: it hung up without a report.
 */
async function waitForEnd(
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
  // The monitor records the end, and may stay for long after that.
  if (handle !== undefined) await endsWithin(handle, intervalMs, signal, 'wait');
  return handle === undefined ? 'nothing' : 'something';
}
