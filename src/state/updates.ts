/** Parses the recorded changes to a container's configuration since its creation. */
import type { ContainerConfig } from '../spec/config.js';

export function parseUpdates(updates: string): Partial<ContainerConfig> {
  return updates === '' ? {} : (JSON.parse(updates) as Partial<ContainerConfig>);
}
