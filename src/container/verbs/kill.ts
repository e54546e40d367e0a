/** Sends a signal to a container's first process. */
import { TspodError } from '../../errors.js';
import { openProcess, type ProcessHandle } from '../../native/process-handle.js';
import { parseSignal } from '../../util/signals.js';
import { realTimeUs } from '../../native/primitives.js';
import type { ContainerPaths } from '../../storage/paths.js';
import type { EngineContext } from '../context.js';
import { recordContainerEvent } from '../events.js';
import { failpoint } from '../failpoint.js';
import { thawEnding } from '../cgroups/freeze.js';
import { withContainer, type HeldContainer } from '../held.js';
import { endsWithin, KILL_GRACE_MS, monitorEnd, stuck } from '../monitor/end.js';
import type { LiveRecord } from '../monitor/run-record.js';
import { untilCalledOff } from '../monitor/call-off.js';
import { signalProcess } from '../monitor/signal-process.js';
import { talkTo } from '../monitor/connect.js';
import { tryRemoval } from '../settle/repair.js';
import { lastLife } from './stop.js';

const SIGKILL = 9;

/**
 * Sends a signal. After SIGKILL, waits for the end, and throws STATE_INVALID if that does not come. Any signal counts
 * as a stop by the user: no policy restarts the container. Only SIGKILL also keeps health checks from restarting it.
 */
export async function killContainer(
  context: EngineContext,
  id: string,
  signal: string | number = SIGKILL,
): Promise<void> {
  const number = parseSignal(signal);
  if (number === undefined) throw new TspodError('INVALID_ARGUMENT', `invalid signal: ${String(signal)}`);
  const killed = await withContainer(context, id, (held) => signalLocked(held, number));
  if (killed === undefined) return;
  using monitor = killed.monitor;
  using process = killed.process;
  if (process !== undefined && !(await endsWithin(process, KILL_GRACE_MS, undefined))) throw stuck(id);
  if (monitor !== undefined) await monitorEnd(monitor, killed.paths);
  await withContainer(context, id, tryRemoval, { refreshes: true }).catch(ignoreGone);
}

/** The processes whose end is waited for. */
interface Killed {
  readonly monitor: ProcessHandle | undefined;
  readonly process: ProcessHandle | undefined;
  readonly paths: ContainerPaths;
}

/** Sends the signal, under the lock. Returns undefined for a signal that may be survived. */
async function signalLocked(held: HeldContainer, number: number): Promise<Killed | undefined> {
  held.require('kill');
  const { observation, paths } = held;
  if (observation.kind !== 'live') return undefined;
  held.save({ stoppedByUser: true });
  failpoint('kill-recorded');
  const talk = await talkTo(paths.run);
  if (talk !== undefined) {
    const answer = number === SIGKILL ? talk.stop() : talk.dropPolicy();
    await untilCalledOff(talk, answer, { id: held.id, monitor: observation.live.monitor, state: paths.state });
    talk.connection.close();
  }
  const live = lastLife(held, observation.live);
  if (number !== SIGKILL) {
    signalFirstProcess(held, live, number);
    return undefined;
  }
  // Opened before the signal: the processes may be gone a moment after it.
  const monitor = openProcess(live.monitor.pid, live.monitor.startTime);
  const process = live.init.pid === 0 ? undefined : openProcess(live.init.pid, live.init.startTime);
  try {
    signalFirstProcess(held, live, number);
    await thawEnding(held);
    return { monitor, process, paths };
  } catch (error) {
    monitor?.close();
    process?.close();
    throw error;
  }
}

function signalFirstProcess({ context, id, name }: HeldContainer, { init }: LiveRecord, number: number): void {
  using process = openProcess(init.pid, init.startTime);
  const timeUs = realTimeUs(); // taken first: the event must not be later than the end that follows from it
  signalProcess(process, number);
  failpoint('kill-sent');
  recordContainerEvent(context, { id, name, status: 'kill', attributes: { signal: String(number) }, timeUs });
}

function ignoreGone(error: unknown): void {
  if ((error as { code?: unknown }).code !== 'NO_SUCH_CONTAINER') throw error;
}
