/** Configurations of containers whose record may be damaged: they end and go all the same. */
import { isTspodError } from '../../errors.js';
import type { ContainerConfig } from '../../spec/config.js';
import type { EngineContext } from '../context.js';
import type { HeldContainer } from '../held.js';

/** Undefined if its record is damaged. */
export function readableConfig(held: HeldContainer): ContainerConfig | undefined {
  try {
    return held.config;
  } catch (error) {
    if (isTspodError(error, 'STORE_BROKEN')) return undefined;
    throw error;
  }
}

/** One that is damaged, or gone, is told under its lock. */
export function knownConfig({ store }: EngineContext, id: string): ContainerConfig | undefined {
  try {
    return store.config(id);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
