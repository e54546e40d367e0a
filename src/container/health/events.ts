/**
 * Records `health_status` events. Checks happen while no process of the engine lives, so whoever looks first records
 * what became of them.
 */
import type { ContainerPaths } from '../../storage/paths.js';
import type { EngineContext } from '../context.js';
import { recordContainerEvent } from '../events.js';
import {
  hasUnrecordedHealth,
  readHealth,
  readRecordedHealth,
  writeRecordedHealth,
  type HealthRecord,
} from './record.js';
import type { HeldContainer } from '../held.js';
import type { EndHealth } from '../monitor/run-record.js';

interface CheckedHealth {
  readonly id: string;
  readonly paths: ContainerPaths;
  readonly record: HealthRecord;
}

/** Records a health status that is not the one recorded last. Costs one look for a container without a check. */
export function recordHealthChange(held: HeldContainer): void {
  if (!hasUnrecordedHealth(held.paths)) return;
  const { context, id, paths } = held;
  recordHealth(context, { id, paths, record: readHealth({ health: paths.health }) });
}

/** Records the result of the last check. If it is recorded again, the event has the same key. */
export function recordHealth(context: EngineContext, { id, paths, record: { status, log } }: CheckedHealth): void {
  const last = log.at(-1);
  if (last !== undefined) recordStatus(context, { id, paths, ...last, status });
}

/** Records the check that ended a run after which another follows, whose health record begins anew. */
export function recordEndHealth({ context, id, paths }: HeldContainer, health: EndHealth): void {
  if (health.status === 'starting' || health.startedNs === readRecordedHealth(paths).startedNs) return;
  recordStatus(context, { id, paths, ...health });
}

interface StatusChange extends EndHealth {
  readonly id: string;
  readonly paths: ContainerPaths;
}

function recordStatus(context: EngineContext, { id, paths, status, startedNs, endedNs }: StatusChange): void {
  recordContainerEvent(context, {
    id,
    status: 'health_status',
    attributes: { health_status: status },
    timeUs: Number(endedNs / 1000n),
    key: String(startedNs),
  });
  writeRecordedHealth(paths, { startedNs, status });
}
