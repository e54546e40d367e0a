/** The configuration of a recorded container. */
import { TspodError } from '../errors.js';
import type { ContainerConfig } from '../spec/config.js';
import { noSuchContainer } from '../state/lookup.js';
import type { EngineContext } from './context.js';

/**
 * Reads a container's configuration. Throws NO_SUCH_CONTAINER if the container is gone, STORE_BROKEN if its record is
 * not JSON.
 */
export function readConfig({ store }: EngineContext, id: string): ContainerConfig {
  let config;
  try {
    config = store.config(id);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new TspodError(
      'STORE_BROKEN',
      `the record of container ${id} in ${store.path} is damaged; remove it with force`,
      {
        cause: error,
      },
    );
  }
  if (config === undefined) throw noSuchContainer(id);
  return config;
}
