/** Sends a signal to the containers of a pod that run. */
import type { EngineContext } from '../../container/context.js';
import { killContainer } from '../../container/verbs/kill.js';
import { TspodError } from '../../errors.js';
import { parseSignal } from '../../util/signals.js';
import { onEach } from './each.js';

/** Throws INVALID_ARGUMENT, NO_SUCH_POD, POD_PARTIAL_FAIL. */
export async function killPod(context: EngineContext, id: string, signal: string | number = 'SIGKILL'): Promise<void> {
  if (parseSignal(signal) === undefined) throw new TspodError('INVALID_ARGUMENT', `invalid signal: ${String(signal)}`);
  await onEach(context, id, {
    statuses: ['running', 'stopping', 'paused'],
    act: (inner, member) => killContainer(inner, member, signal),
    event: 'kill',
    what: 'killing some containers',
  });
}
