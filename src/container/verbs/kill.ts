/** Sends a signal to a container's first process. */
import { TspodError } from '../../errors.js';
import { openProcess } from '../../native/process-handle.js';
import { parseSignal } from '../../util/signals.js';
import { nowUs } from '../../events/event-log.js';
import type { EngineContext } from '../context.js';
import { recordContainerEvent } from '../events.js';
import { failpoint } from '../failpoint.js';
import { thawEnding } from '../freeze.js';
import { withContainer } from '../held.js';
import { monitorEnd } from '../monitor-end.js';
import { signalProcess } from '../signal-process.js';
import { talkTo } from '../talk-to.js';
import { lastLife } from './stop.js';

const SIGKILL = 9;

/** After SIGKILL it waits for the end. Any signal counts as a stop by the user: no policy restarts the container. */
export async function killContainer(
  context: EngineContext,
  id: string,
  signal: string | number = SIGKILL,
): Promise<void> {
  const number = parseSignal(signal);
  if (number === undefined) throw new TspodError('INVALID_ARGUMENT', `invalid signal: ${String(signal)}`);
  const killed = await withContainer(context, id, async (held) => {
    held.require('kill');
    const { observation } = held;
    if (observation.kind !== 'live') return undefined;
    held.save({ stoppedByUser: true });
    failpoint('kill-recorded');
    const talk = await talkTo(held.paths.run);
    await talk?.stop();
    talk?.connection.close();
    const live = lastLife(held, observation.live);
    // Before the signal: it may be gone a moment after it.
    const monitor = number === SIGKILL ? openProcess(live.monitor.pid, live.monitor.startTime) : undefined;
    using process = openProcess(live.init.pid, live.init.startTime);
    const timeUs = nowUs(); // not after the end that follows from it
    signalProcess(process, number);
    failpoint('kill-sent');
    const attributes = { signal: String(number) };
    recordContainerEvent(context, { id, name: held.name, status: 'kill', attributes, timeUs });
    if (number !== SIGKILL) return undefined;
    // A frozen process of cgroup v1 dies when it is thawed.
    if (held.status === 'paused') await thawEnding(held);
    return { monitor, paths: held.paths };
  });
  if (killed === undefined) return;
  if (killed.monitor !== undefined) await monitorEnd(killed.monitor, killed.paths);
  killed.monitor?.close();
  await withContainer(context, id, () => undefined, { refreshes: true }).catch(ignoreGone);
}

function ignoreGone(error: unknown): void {
  if ((error as { code?: unknown }).code !== 'NO_SUCH_CONTAINER') throw error;
}
