/** Starts one container of a pod. */
import type { SignalOption } from '../../container/api/container.js';
import type { EngineContext } from '../../container/context.js';
import { startContainer } from '../../container/verbs/start.js';
import { isTspodError } from '../../errors.js';

/** Starts the container, after those that it depends on. One that runs already is no failure. */
export async function begin(context: EngineContext, id: string, how: SignalOption): Promise<void> {
  try {
    await startContainer(context, id, { recursive: true, ...how });
  } catch (error) {
    if (!isTspodError(error, 'STATE_RUNNING')) throw error;
  }
}
