/** Carries out what an update has recorded before it was cut off. */
import { resolveHostPaths } from '../../spec/files/host-paths.js';
import { ociResources } from '../../spec/limits/resources.js';
import { applyLimits, applyToMonitor } from './apply-update.js';
import type { HeldContainer } from '../held.js';

/** What the kernel or the monitor refuses now is left for the next start, which says so. */
export async function finishUpdate(held: HeldContainer): Promise<void> {
  try {
    const { config } = held;
    const { devices: _devices, ...resources } = ociResources(config.resources, [], resolveHostPaths(config).numbersOf);
    await applyLimits(held, resources);
    await applyToMonitor(held);
  } catch {
    // The record is right for the next start.
  }
  held.save({ updating: false });
}
