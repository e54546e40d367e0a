/** Sends a signal to the running containers of a pod. */
import type { EngineContext } from '../../container/context.js';
import { killContainer } from '../../container/verbs/kill.js';
import { stopContainer } from '../../container/verbs/stop.js';
import { isTspodError, TspodError } from '../../errors.js';
import { parseSignal } from '../../util/signals.js';
import { onEach } from './each.js';

/** Signals meant to end a container. With these, a container that waits for its restart is stopped too. */
const ENDING: ReadonlySet<number | undefined> = new Set(['INT', 'QUIT', 'KILL', 'TERM'].map(parseSignal));

/** Signals each running container of the pod. Throws INVALID_ARGUMENT, NO_SUCH_POD, POD_PARTIAL_FAIL. */
export async function killPod(context: EngineContext, id: string, signal: string | number = 'SIGKILL'): Promise<void> {
  const number = parseSignal(signal);
  if (number === undefined) throw new TspodError('INVALID_ARGUMENT', `invalid signal: ${String(signal)}`);
  const ends = ENDING.has(number);
  await onEach(context, id, {
    statuses: ['running', 'stopping', 'paused', ...(ends ? (['restarting'] as const) : [])],
    act: (inner, member) => (ends ? killOrStop(inner, member, number) : killContainer(inner, member, number)),
    event: 'kill',
    what: 'killing some containers',
  });
}

/** Sends a signal, or stops the container if it waits for its restart and so has no process. */
async function killOrStop(context: EngineContext, id: string, signal: number): Promise<void> {
  try {
    await killContainer(context, id, signal);
  } catch (error) {
    if (!isTspodError(error, 'STATE_INVALID')) throw error;
    await stopContainer(context, id, { timeoutSec: 0 }).catch((reason: unknown) => {
      if (!isTspodError(reason, 'CONTAINER_STOPPED')) throw reason;
    });
  }
}
