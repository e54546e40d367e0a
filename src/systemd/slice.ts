/** Slices (systemd.slice(5)): groups in which scopes lie. */
import { TspodError } from '../errors.js';
import type { LinuxResources } from '../oci/resources.js';
import { converse, ManagerError, NO_SUCH_UNIT, UNIT_EXISTS } from './manager.js';

/**
 * Resolves when systemd knows it, which may be before its cgroup is there. Those limits that systemd knows are its as well: it would undo them otherwise.
 * Throws LAUNCH_FAILED, UNSUPPORTED_HOST where systemd cannot be reached.
 */
export async function startSlice(name: string, limits: LinuxResources): Promise<void> {
  const properties = [
    ['Description', ['s', 'pod of tspod']],
    ['DefaultDependencies', ['b', false]],
    ...limitProperties(limits),
  ];
  const values = [name, 'fail', properties, []];
  try {
    await converse(name, (manager) => manager.call('StartTransientUnit', 'ssa(sv)a(sa(sv))', values));
  } catch (error) {
    if (error instanceof ManagerError && error.refusal === UNIT_EXISTS) return;
    if (error instanceof TspodError) throw error;
    throw new TspodError('LAUNCH_FAILED', `systemd does not make ${name}: ${(error as Error).message}`, {
      cause: error,
      details: { unit: name },
    });
  }
}

/** As systemd.resource-control(5) has them; what it does not have is written into the cgroup alone. */
export function limitProperties({
  memory,
  cpu,
  pids,
}: LinuxResources): readonly (readonly [string, [string, bigint]])[] {
  const { limit, swap } = memory ?? {};
  const { quota, period = DEFAULT_PERIOD_US } = cpu ?? {};
  return [
    ...property('MemoryMax', limit),
    ...property('MemorySwapMax', limit === undefined || swap === undefined || swap < 0 ? undefined : swap - limit),
    ...property('CPUQuotaPerSecUSec', quota === undefined || quota < 0 ? undefined : Math.ceil((quota / period) * 1e6)),
    ...property('TasksMax', pids?.limit),
  ];
}

const DEFAULT_PERIOD_US = 100_000;

function property(name: string, value: number | undefined): readonly (readonly [string, [string, bigint]])[] {
  return value === undefined ? [] : [[name, ['t', BigInt(value)]]];
}

/** With all that is in it. One that there is not is success. */
export async function stopSlice(name: string): Promise<void> {
  try {
    await converse(name, (manager) => manager.call('StopUnit', 'ss', [name, 'replace']));
  } catch (error) {
    if (error instanceof ManagerError && error.refusal === NO_SUCH_UNIT) return;
    throw error;
  }
}
