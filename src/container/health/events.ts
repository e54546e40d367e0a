/** `health_status`: checks happen while no process of the engine lives, so that what became of them is told by whoever looks first. */
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

/** A status that is another one than was told last. Costs a look for a container without a check. */
export function recordHealthChange(held: HeldContainer): void {
  if (!isUntoldHealth(held.paths)) return;
  const { context, id, paths } = held;
  recordHealth(context, { id, paths, record: readHealth({ health: paths.health }) });
}

/** The result of the last check. Told again, it has the same key. */
export function recordHealth(context: EngineContext, { id, paths, record: { status, log } }: Told): void {
  const last = log.at(-1);
  if (last !== undefined) tell(context, { id, paths, ...last, status });
}

/** A run that another follows ended because of this: the record begins anew with that. */
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
