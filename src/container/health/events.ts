/** `health_status`: checks happen while no process of the engine lives, so that what became of them is told by whoever looks first. */
import type { ContainerPaths } from '../../storage/paths.js';
import type { EngineContext } from '../context.js';
import { recordContainerEvent } from '../events.js';
import { isUntoldHealth, readHealth, writeTold, type HealthRecord } from './record.js';
import type { HeldContainer } from '../held.js';

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
  if (last === undefined) return;
  recordContainerEvent(context, {
    id,
    status: 'health_status',
    attributes: { health_status: status },
    timeUs: Number(last.endedNs / 1000n),
    key: String(last.startedNs),
  });
  writeTold(paths, { startedNs: last.startedNs, status });
}
