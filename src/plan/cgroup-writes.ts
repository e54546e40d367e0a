/** The values that are written to the files of a cgroup for OCI resources, in version 1 and version 2. Pure. */
import { TspodError } from '../errors.js';
import type { LinuxResources, OciThrottleDevice, OciWeightDevice } from '../oci/resources.js';

/** One write(2) to a file of a cgroup. */
export interface CgroupWrite {
  readonly file: string;
  readonly value: string;
  /** Whether the write may fail: the file may be missing, or refuse the value. */
  readonly optional?: boolean;
}

/** Controllers by their names in version 2. Version 1 has blkio for io. */
export type Controller = 'memory' | 'cpu' | 'cpuset' | 'pids' | 'io' | 'hugetlb';
export const CONTROLLERS: readonly Controller[] = ['memory', 'cpu', 'cpuset', 'pids', 'io', 'hugetlb'];

/** Returns the name of a controller in a hierarchy of version 1. */
export function v1Name(controller: Controller): string {
  return controller === 'io' ? 'blkio' : controller;
}

type Writer = (resources: LinuxResources) => readonly CgroupWrite[];

/** Writers for each controller. Their writes are in the order that the kernel requires. */
export const V1_WRITES: Readonly<Record<Controller, Writer>> = {
  memory: v1Memory,
  cpu: v1Cpu,
  cpuset,
  pids,
  io: v1BlockIO,
  hugetlb: ({ hugepageLimits = [] }) =>
    hugepageLimits.map(({ pageSize, limit }) => ({ file: `hugetlb.${pageSize}.limit_in_bytes`, value: String(limit) })),
};

export const V2_WRITES: Readonly<Record<Controller, Writer>> = {
  memory: v2Memory,
  cpu: v2Cpu,
  cpuset,
  pids,
  io: v2BlockIO,
  hugetlb: ({ hugepageLimits = [] }) =>
    hugepageLimits.flatMap(({ pageSize, limit }) => [
      { file: `hugetlb.${pageSize}.max`, value: String(limit) },
      { file: `hugetlb.${pageSize}.rsvd.max`, value: String(limit), optional: true },
    ]),
};

function write(file: string, value: number | string | undefined): readonly CgroupWrite[] {
  return value === undefined ? [] : [{ file, value: String(value) }];
}

function pids({ pids: limits }: LinuxResources): readonly CgroupWrite[] {
  if (limits === undefined) return [];
  return write('pids.max', limits.limit > 0 ? limits.limit : 'max');
}

function cpuset({ cpu }: LinuxResources): readonly CgroupWrite[] {
  return [...write('cpuset.cpus', cpu?.cpus), ...write('cpuset.mems', cpu?.mems)];
}

/** The memory limit comes before the limit of memory and swap together, which may never be below it. */
function v1Memory({ memory = {} }: LinuxResources): readonly CgroupWrite[] {
  return [
    ...write('memory.limit_in_bytes', memory.limit),
    ...write('memory.memsw.limit_in_bytes', memory.swap),
    ...write('memory.soft_limit_in_bytes', memory.reservation),
    ...write('memory.kmem.tcp.limit_in_bytes', memory.kernelTCP),
    ...write('memory.swappiness', memory.swappiness),
    ...(memory.disableOOMKiller === true ? write('memory.oom_control', 1) : []),
  ];
}

/** Version 2 limits swap alone, not the sum of memory and swap. */
function v2Memory({ memory = {} }: LinuxResources): readonly CgroupWrite[] {
  if (memory.swappiness !== undefined) throw unsupported('memorySwappiness');
  if (memory.disableOOMKiller === true) throw unsupported('oomKillDisable');
  const max = (limit: number | undefined): number | string | undefined =>
    limit !== undefined && limit < 0 ? 'max' : limit;
  return [
    ...write('memory.max', max(memory.limit)),
    ...write('memory.swap.max', swapAlone(memory.swap, memory.limit)),
    ...write('memory.low', memory.reservation),
  ];
}

function swapAlone(swap: number | undefined, limit: number | undefined): number | string | undefined {
  if (swap === undefined) return undefined;
  return swap < 0 || limit === undefined || limit < 0 ? 'max' : swap - limit;
}

function unsupported(option: string): TspodError {
  return new TspodError('UNSUPPORTED_HOST', `${option} needs cgroup v1, and this machine has cgroup v2`);
}

/** The period comes before the quota, which the kernel checks against it. */
function v1Cpu({ cpu = {} }: LinuxResources): readonly CgroupWrite[] {
  return [
    ...write('cpu.shares', cpu.shares),
    ...write('cpu.cfs_period_us', cpu.period),
    ...write('cpu.cfs_quota_us', cpu.quota),
    ...write('cpu.cfs_burst_us', cpu.burst),
    ...write('cpu.rt_period_us', cpu.realtimePeriod),
    ...write('cpu.rt_runtime_us', cpu.realtimeRuntime),
    ...write('cpu.idle', cpu.idle),
  ];
}

function v2Cpu({ cpu = {} }: LinuxResources): readonly CgroupWrite[] {
  if (cpu.realtimePeriod !== undefined || cpu.realtimeRuntime !== undefined)
    throw unsupported('cpuRtPeriodUs or cpuRtRuntimeUs');
  return [
    ...write('cpu.idle', cpu.idle),
    ...(cpu.shares === undefined ? [] : write('cpu.weight', cpuWeight(cpu.shares))),
    ...cpuMax(cpu.quota, cpu.period),
    ...write('cpu.max.burst', cpu.burst),
  ];
}

/** Converts shares of 2 to 262144 to a weight of 1 to 10000, as runc and crun do. */
export function cpuWeight(shares: number): number {
  const clamped = Math.min(Math.max(shares, 2), 262144);
  return 1 + Math.floor(((clamped - 2) * 9999) / 262142);
}

function cpuMax(quota: number | undefined, period: number | undefined): readonly CgroupWrite[] {
  if (quota === undefined && period === undefined) return [];
  const limit = quota === undefined || quota <= 0 ? 'max' : String(quota);
  return write('cpu.max', period === undefined ? limit : `${limit} ${period}`);
}

/** Today's scheduler with weights is BFQ; the older name is for kernels before 5.0. */
function v1BlockIO({ blockIO = {} }: LinuxResources): readonly CgroupWrite[] {
  return [
    ...weightWrites('blkio.bfq.weight', blockIO.weight),
    ...optionalWrites(weightWrites('blkio.weight', blockIO.weight)),
    ...deviceWeights('blkio.bfq.weight_device', blockIO.weightDevice),
    ...throttles('blkio.throttle.read_bps_device', '', blockIO.throttleReadBpsDevice),
    ...throttles('blkio.throttle.write_bps_device', '', blockIO.throttleWriteBpsDevice),
    ...throttles('blkio.throttle.read_iops_device', '', blockIO.throttleReadIOPSDevice),
    ...throttles('blkio.throttle.write_iops_device', '', blockIO.throttleWriteIOPSDevice),
  ];
}

function v2BlockIO({ blockIO = {} }: LinuxResources): readonly CgroupWrite[] {
  return [
    ...weightWrites('io.weight', blockIO.weight === undefined ? undefined : ioWeight(blockIO.weight)),
    ...optionalWrites(weightWrites('io.bfq.weight', blockIO.weight)),
    ...deviceWeights('io.weight', blockIO.weightDevice?.map(scaledWeight)),
    ...throttles('io.max', 'rbps=', blockIO.throttleReadBpsDevice),
    ...throttles('io.max', 'wbps=', blockIO.throttleWriteBpsDevice),
    ...throttles('io.max', 'riops=', blockIO.throttleReadIOPSDevice),
    ...throttles('io.max', 'wiops=', blockIO.throttleWriteIOPSDevice),
  ];
}

function weightWrites(file: string, weight: number | undefined): readonly CgroupWrite[] {
  return weight === undefined || weight === 0 ? [] : write(file, weight);
}

function optionalWrites(writes: readonly CgroupWrite[]): readonly CgroupWrite[] {
  return writes.map((one) => ({ ...one, optional: true }));
}

/** Converts a weight of 10 to 1000 to one of 1 to 10000. */
export function ioWeight(weight: number): number {
  return 1 + Math.floor(((weight - 10) * 9999) / 990);
}

function scaledWeight(device: OciWeightDevice): OciWeightDevice {
  return device.weight === undefined ? device : { ...device, weight: ioWeight(device.weight) };
}

function deviceWeights(file: string, devices: readonly OciWeightDevice[] = []): readonly CgroupWrite[] {
  return devices.flatMap(({ major, minor, weight }) =>
    weight === undefined ? [] : write(file, `${major}:${minor} ${weight}`),
  );
}

function throttles(file: string, key: string, devices: readonly OciThrottleDevice[] = []): readonly CgroupWrite[] {
  return devices.flatMap(({ major, minor, rate }) =>
    write(file, `${major}:${minor} ${key}${rate === 0 && key !== '' ? 'max' : rate}`),
  );
}
