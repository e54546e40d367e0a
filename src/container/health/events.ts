/**
 * Records `health_status` events. Checks happen while no process of the engine lives, so whoever looks first records
 * what became of them.
 */
import type { ContainerPaths } from '../../storage/paths.js';
import type { EngineContext } from '../context.js';
import { recordContainerEvent } from '../events.js';
import { isUntoldHealth, readHealth, readTold, writeTold, type HealthRecord } from './record.js';
import type { HeldContainer } from '../held.js';
import type { EndHealth } from '../monitor/run-record.js';

interface Told {
  readonly id: string;
  readonly paths: ContainerPaths;
  readonly record: HealthRecord;
}

/** Records a health status that is not the one recorded last. Costs one look for a container without a check. */
export function recordHealthChange(held: HeldContainer): void {
  if (!isUntoldHealth(held.paths)) return;
  const { context, id, paths } = held;
  recordHealth(context, { id, paths, record: readHealth({ health: paths.health }) });
}

/** Records the result of the last check. If it is recorded again, the event has the same key. */
export function recordHealth(context: EngineContext, { id, paths, record: { status, log } }: Told): void {
  const last = log.at(-1);
  if (last !== undefined) tell(context, { id, paths, ...last, status });
}

/** Records the check that ended a run, where another run follows: its health record begins anew. */
export function recordEndHealth({ context, id, paths }: HeldContainer, health: EndHealth): void {
  if (health.status === 'starting' || health.startedNs === readTold(paths).startedNs) return;
  tell(context, { id, paths, ...health });
}

interface Telling extends EndHealth {
  readonly id: string;
  readonly paths: ContainerPaths;
}

function tell(context: EngineContext, { id, paths, status, startedNs, endedNs }: Telling): void {
  recordContainerEvent(context, {
    id,
    status: 'health_status',
    attributes: { health_status: status },
    timeUs: Number(endedNs / 1000n),
    key: String(startedNs),
  });
  writeTold(paths, { startedNs, status });
}
