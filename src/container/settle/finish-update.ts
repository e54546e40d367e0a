/** Carries out what an update has recorded before it was cut off. */
import { resolveHostPaths } from '../../spec/files/host-paths.js';
import { ociResources } from '../../spec/limits/resources.js';
import { isUnanswered } from '../monitor/answer.js';
import { applyLimits, applyToMonitor } from './apply-update.js';
import type { HeldContainer } from '../held.js';
import type { LiveRecord } from '../monitor/run-record.js';
import { isRelaunching } from '../observe.js';
import type { StoredState } from '../../state/records.js';

/**
 * Whether an update is still to be carried out. Not in the middle of a restart: what holds that up would hold this up
 * as well.
 */
export function isUpdateDue({ updating }: Pick<StoredState, 'updating'>, live: LiveRecord): boolean {
  return updating && !isRelaunching(live);
}

/**
 * Carries out the update. What the kernel or the monitor refuses now is left to the next start, which reports it; if
 * the monitor does not answer in time, the next command tries again.
 */
export async function finishUpdate(held: HeldContainer, patienceMs: number): Promise<void> {
  try {
    const { config } = held;
    const { devices: _devices, ...resources } = ociResources(config.resources, [], resolveHostPaths(config).numbersOf);
    await applyLimits(held, resources);
    await applyToMonitor(held, { patienceMs });
  } catch (error) {
    if (isUnanswered(error)) return;
    // The record is right for the next start.
  }
  held.save({ updating: false });
}
