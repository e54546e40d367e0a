/** What was changed of a container since its creation, as its record has it. */
import type { ContainerConfig } from '../spec/config.js';

export function parseUpdates(updates: string): Partial<ContainerConfig> {
  return updates === '' ? {} : (JSON.parse(updates) as Partial<ContainerConfig>);
}
