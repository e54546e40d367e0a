/** Configurations of containers whose record may be damaged: such containers can still be ended and removed. */
import { isTspodError } from '../../errors.js';
import type { ContainerConfig } from '../../spec/config.js';
import type { EngineContext } from '../context.js';
import type { HeldContainer } from '../held.js';

/** Returns the configuration; undefined if the record is damaged. */
export function readableConfig(held: HeldContainer): ContainerConfig | undefined {
  try {
    return held.config;
  } catch (error) {
    if (isTspodError(error, 'STORE_BROKEN')) return undefined;
    throw error;
  }
}

/**
 * Returns the configuration without taking the container's lock; undefined if the record is damaged or gone, which is
 * reported under the lock.
 */
export function knownConfig({ store }: EngineContext, id: string): ContainerConfig | undefined {
  try {
    return store.config(id);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
