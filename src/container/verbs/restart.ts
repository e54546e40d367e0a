/** Stops a container if it runs, and starts it. */
import { isTspodError } from '../../errors.js';
import type { StartOptions, StopOptions } from '../api/container.js';
import { inBatch } from '../batch.js';
import type { EngineContext } from '../context.js';
import { recordContainerEvent } from '../events.js';
import type { HeldContainer } from '../held.js';
import { keepingPod } from '../pod/infra.js';
import { knownConfig } from '../settle/readable-config.js';
import { startContainer } from './start.js';
import { stopContainer } from './stop.js';

/**
 * Restarts a container. Throws STATE_INVALID if it is paused or on its way out. The lock is held all the way, so that
 * nobody takes the stop for an end, least of all whoever removes the container at its end.
 */
export async function restartContainer(
  context: EngineContext,
  id: string,
  options: StopOptions & StartOptions = {},
): Promise<void> {
  await keepingPod(context, knownConfig(context, id), {
    signal: options.signal,
    body: (outer) => inBatch(outer, id, (inner, held) => restart(inner, held, options), options),
  });
}

async function restart(
  context: EngineContext,
  held: HeldContainer,
  options: StopOptions & StartOptions,
): Promise<void> {
  const { id, name, status } = held;
  held.require('restart');
  recordContainerEvent(context, { id, name, status: 'restart' });
  held.isRestarting = true;
  try {
    if (status !== 'created') await stopIfRunning(context, id, options);
    await startContainer(context, id, options);
  } finally {
    held.isRestarting = false;
  }
}

async function stopIfRunning(context: EngineContext, id: string, options: StopOptions): Promise<void> {
  try {
    await stopContainer(context, id, options);
  } catch (error) {
    if (!isTspodError(error, 'CONTAINER_STOPPED')) throw error;
  }
}
