/** Changes limits, restart policy, environment: in the record, and of a live container. */
import { isTspodError } from '../../errors.js';
import { resolveHostPaths } from '../../spec/files/host-paths.js';
import { mayBeRelaunched } from '../../spec/relaunch.js';
import { resourcesToWrite, updatedConfig, type UpdateOptions } from '../../spec/update.js';
import { parseUpdates } from '../../state/updates.js';
import type { ContainerConfig } from '../../spec/config.js';
import type { ResourceOptions } from '../../spec/create-options.js';
import { isUnanswered } from '../monitor/answer.js';
import { applyLimits, applyToMonitor } from '../settle/apply-update.js';
import type { EngineContext } from '../context.js';
import { recordContainerEvent } from '../events.js';
import { failpoint } from '../failpoint.js';
import { withContainer, type HeldContainer } from '../held.js';

const GONE: ReadonlySet<string> = new Set(['ENOENT', 'ENODEV']);

/**
 * Updates a container. Throws STATE_INVALID if it is being removed, INVALID_ARGUMENT, UPDATE_FAILED, NO_CGROUPS,
 * UNSUPPORTED_HOST; then nothing has changed.
 */
export async function updateContainer(context: EngineContext, id: string, options: UpdateOptions): Promise<void> {
  await withContainer(context, id, async (held) => {
    held.require('update');
    const before = held.config;
    const change = updatedConfig(before, options, context.facts());
    if (Object.keys(change).length === 0) return;
    const { updates } = held.state;
    const isLive = held.observation.kind === 'live';
    // The intent is recorded: whoever comes after a crash carries it out.
    held.save({ updates: JSON.stringify({ ...parseUpdates(updates), ...change }), updating: isLive });
    failpoint('update-recorded');
    try {
      if (isLive) await applyToLive(held, { before, changed: options.resources });
    } catch (error) {
      if (!hasEndedMeanwhile(held, error)) {
        held.save({ updates, updating: isUnanswered(error) });
        throw error;
      }
    }
    held.save({ updating: false });
    recordContainerEvent(context, { id, name: held.name, status: 'update' });
  });
}

/** Whether the container has ended meanwhile, and its cgroups with it: then only the record is to be changed. */
function hasEndedMeanwhile(held: HeldContainer, error: unknown): boolean {
  return lacksGroups(error) && held.look().kind !== 'live';
}

function lacksGroups(error: unknown): boolean {
  if (!isTspodError(error)) return false;
  return error.code === 'NO_CGROUPS' || GONE.has(String(error.details['errnoCode']));
}

interface Change {
  readonly before: ContainerConfig;
  readonly changed: ResourceOptions | undefined;
}

async function applyToLive(held: HeldContainer, { before, changed = {} }: Change): Promise<void> {
  const { config } = held;
  const resources = resourcesToWrite(config.resources, changed, resolveHostPaths(config).numbersOf);
  const undo = await applyLimits(held, resources).catch((error: unknown) => {
    // Between two runs the monitor makes the groups anew: they are there again by now.
    if (!lacksGroups(error) || held.look().kind !== 'live') throw error;
    return applyLimits(held, resources);
  });
  // A monitor that neither restarts nor is to restart its container has no use for a plan.
  if (!mayBeRelaunched(config) && !mayBeRelaunched(before)) return;
  try {
    await applyToMonitor(held);
  } catch (error) {
    await undo();
    throw error;
  }
}
