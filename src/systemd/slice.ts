/** Slices (systemd.slice(5)): cgroups that contain scopes. */
import { TspodError } from '../errors.js';
import type { LinuxResources, OciBlockIO, OciThrottleDevice } from '../oci/resources.js';
import { cpuWeight, ioWeight } from '../plan/cgroup-writes.js';
import { cpuBits } from '../util/cpu-list.js';
import { converse, ManagerError, NO_SUCH_UNIT, UNIT_EXISTS } from './manager.js';

/**
 * Creates a slice. Resolves when systemd has accepted it, which may be before its cgroup exists. Limits that systemd
 * supports are set through it, because it would otherwise reset them. Throws LAUNCH_FAILED, UNSUPPORTED_HOST if systemd
 * cannot be reached.
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
    throw new TspodError('LAUNCH_FAILED', `systemd did not create ${name}: ${(error as Error).message}`, {
      cause: error,
      details: { unit: name },
    });
  }
}

/** A name, its type in D-Bus, and the value. */
export type Property = readonly [name: string, value: readonly [type: string, value: unknown]];

/**
 * Converts limits to properties of systemd.resource-control(5). Limits that it does not support are only written to the
 * cgroup. CPUs and memory nodes: since systemd 244.
 */
export function limitProperties({ memory, cpu, pids, blockIO }: LinuxResources): readonly Property[] {
  const { limit, swap, reservation } = memory ?? {};
  const { quota, period = DEFAULT_PERIOD_US, shares, cpus, mems } = cpu ?? {};
  return [
    ...number('MemoryMax', limit),
    ...number('MemorySwapMax', limit === undefined || swap === undefined || swap < 0 ? undefined : swap - limit),
    ...number('MemoryLow', reservation),
    ...number('CPUQuotaPerSecUSec', quota === undefined || quota < 0 ? undefined : Math.ceil((quota / period) * 1e6)),
    ...number('CPUWeight', shares === undefined || shares === 0 ? undefined : cpuWeight(shares)),
    ...bits('AllowedCPUs', cpus),
    ...bits('AllowedMemoryNodes', mems),
    ...number('TasksMax', pids?.limit),
    ...ioProperties(blockIO),
  ];
}

function ioProperties(blockIO: OciBlockIO = {}): readonly Property[] {
  const { weight } = blockIO;
  return [
    ...number('IOWeight', weight === undefined || weight === 0 ? undefined : ioWeight(weight)),
    ...devices(
      'IODeviceWeight',
      blockIO.weightDevice?.flatMap((device) =>
        device.weight === undefined ? [] : { ...device, rate: ioWeight(device.weight) },
      ),
    ),
    ...devices('IOReadBandwidthMax', blockIO.throttleReadBpsDevice),
    ...devices('IOWriteBandwidthMax', blockIO.throttleWriteBpsDevice),
    ...devices('IOReadIOPSMax', blockIO.throttleReadIOPSDevice),
    ...devices('IOWriteIOPSMax', blockIO.throttleWriteIOPSDevice),
  ];
}

const DEFAULT_PERIOD_US = 100_000;

function number(name: string, value: number | undefined): readonly Property[] {
  return value === undefined ? [] : [[name, ['t', BigInt(value)]]];
}

function bits(name: string, list: string | undefined): readonly Property[] {
  return list === undefined || list === '' ? [] : [[name, ['ay', Buffer.from(cpuBits(list))]]];
}

function devices(name: string, limits: readonly OciThrottleDevice[] = []): readonly Property[] {
  const values = limits.map(({ major, minor, rate }) => [`/dev/block/${major}:${minor}`, BigInt(rate)]);
  return values.length === 0 ? [] : [[name, ['a(st)', values]]];
}

/** Stops the slice and everything in it. Succeeds if there is no such slice. */
export async function stopSlice(name: string): Promise<void> {
  try {
    await converse(name, (manager) => manager.call('StopUnit', 'ss', [name, 'replace']));
  } catch (error) {
    if (error instanceof ManagerError && error.refusal === NO_SUCH_UNIT) return;
    throw error;
  }
}
