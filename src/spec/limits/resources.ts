/** Limits of the container's cgroup: checks of the options, and conversion to the OCI spec's resources. */
import { invalid } from '../../errors.js';
import type { CpuSets } from '../../host/cpusets.js';
import type {
  LinuxResources,
  OciBlockIO,
  OciCpu,
  OciDeviceRule,
  OciHugepageLimit,
  OciMemory,
  OciThrottleDevice,
  OciWeightDevice,
} from '../../oci/resources.js';
import { isCpuList, isCpuListWithin } from '../../util/cpu-list.js';
import { defined } from '../../util/defined.js';
import type { ResourceConfig } from '../config.js';
import type { DeviceRate, DeviceWeight, ResourceOptions } from '../create-options.js';
import { checkAbsolutePath } from '../checks/names.js';
import { checkInteger, checkOptionalInteger, MAX_BYTES } from '../checks/numbers.js';
import type { IntegerRange } from '../checks/numbers.js';
import { quote } from '../checks/quote.js';

/** Podman's default. */
const DEFAULT_PIDS_LIMIT = 2048;

/** Lowest memory limit. With less no program starts; Podman and Docker require 6 MiB, the kernel less. */
const MIN_MEMORY_BYTES = 4096;

/** The kernel's lowest CPU quota. */
const MIN_CPU_QUOTA_US = 1000;

/** Period of a CPU quota, in microseconds: the kernel's default. */
const CPU_PERIOD_US = 100000;

/**
 * The kernel's highest CPU quota: 44 bits of microseconds. A quota of more CPUs than the machine has limits nothing,
 * and is accepted.
 */
const MAX_CPU_QUOTA_US = 2 ** 44 - 1;

const MAX_CPUS = Math.floor(MAX_CPU_QUOTA_US / CPU_PERIOD_US);

const BYTES: IntegerRange = { min: 0, max: MAX_BYTES };

/** Ranges of options that are plain numbers. */
const RANGES = {
  memoryBytes: { min: MIN_MEMORY_BYTES, max: MAX_BYTES },
  memoryReservationBytes: { min: MIN_MEMORY_BYTES, max: MAX_BYTES },
  memorySwapBytes: { min: -1, max: MAX_BYTES },
  memorySwappiness: { min: -1, max: 100 },
  cpuShares: { min: 0, max: 262144 },
  cpuPeriodUs: { min: 1000, max: 1000000 },
  cpuQuotaUs: { min: -1, max: MAX_CPU_QUOTA_US },
  cpuRtPeriodUs: { min: 1, max: 1000000000 },
  cpuRtRuntimeUs: { min: -1, max: 1000000000 },
  pidsLimit: { min: -1, max: 4194304 },
  blkioWeight: { min: 10, max: 1000 },
} as const satisfies Readonly<Partial<Record<keyof ResourceOptions, IntegerRange>>>;

/**
 * Returns the limits after checking every value, with the defaults: a pids limit, and twice the memory for memory and
 * swap together.
 */
export function normalizeResources(options: ResourceOptions): ResourceConfig {
  for (const [name, range] of Object.entries(RANGES)) {
    checkOptionalInteger(name, options[name as keyof typeof RANGES], range);
  }
  checkMemory(options);
  checkCpuLists(options);
  checkCpuQuota(options);
  checkDeviceRates(options);
  checkHugetlb(options.hugetlb ?? {});
  checkUnified(options.unified ?? {});
  const { cpus, pidsLimit, ...rest } = options;
  return defined({
    ...rest,
    ...(cpus === undefined ? {} : cpuQuota(cpus, options)),
    memorySwapBytes: swapLimit(options),
    pidsLimit: pidsLimit === undefined ? DEFAULT_PIDS_LIMIT : pidsLimit === 0 ? -1 : pidsLimit,
    pidsLimitIsDefault: pidsLimit === undefined,
    memorySwapIsDefault: (options.memorySwapBytes ?? 0) === 0,
  });
}

function checkMemory(options: ResourceOptions): void {
  const { memoryBytes, memorySwapBytes, memoryReservationBytes } = options;
  if (memorySwapBytes !== undefined && memorySwapBytes > 0) {
    if (memoryBytes === undefined) throw invalid('memorySwapBytes needs memoryBytes');
    if (memorySwapBytes < memoryBytes)
      throw invalid('memorySwapBytes counts memory too: it must not be below memoryBytes');
  }
  if (memoryBytes !== undefined && memoryReservationBytes !== undefined && memoryReservationBytes > memoryBytes) {
    throw invalid('memoryReservationBytes must not be above memoryBytes');
  }
}

/** Returns the limit of memory and swap. 0 means unset, as for Podman. */
function swapLimit(options: ResourceOptions): number | undefined {
  const { memoryBytes, memorySwapBytes } = options;
  if (memorySwapBytes !== undefined && memorySwapBytes !== 0) return memorySwapBytes;
  return memoryBytes === undefined ? undefined : Math.min(memoryBytes * 2, MAX_BYTES);
}

function cpuQuota(cpus: number, options: ResourceOptions): { cpuPeriodUs?: number; cpuQuotaUs?: number } {
  if (options.cpuPeriodUs !== undefined || options.cpuQuotaUs !== undefined) {
    throw invalid('cpus cannot be used together with cpuPeriodUs or cpuQuotaUs');
  }
  if (!Number.isFinite(cpus) || cpus < 0) throw invalid(`cpus must be a number from 0, not ${cpus}`);
  if (cpus === 0) return {};
  if (cpus < 0.01) throw invalid(`cpus must be at least 0.01, not ${cpus}`);
  if (cpus > MAX_CPUS) throw invalid(`cpus must be at most ${MAX_CPUS}, not ${cpus}`);
  return { cpuPeriodUs: CPU_PERIOD_US, cpuQuotaUs: Math.round(cpus * CPU_PERIOD_US) };
}

function checkCpuLists(options: ResourceOptions): void {
  for (const name of ['cpusetCpus', 'cpusetMems'] as const) {
    const list = options[name];
    if (list !== undefined && !isCpuList(list))
      throw invalid(`${name} must be a list such as 0-2,5, not ${quote(list)}`);
  }
}

/** Checks the CPU quota; 0 means unset, -1 no limit. */
function checkCpuQuota({ cpuQuotaUs = 0 }: ResourceOptions): void {
  if (cpuQuotaUs > 0 && cpuQuotaUs < MIN_CPU_QUOTA_US)
    throw invalid(`cpuQuotaUs cannot be less than 1ms (i.e. ${MIN_CPU_QUOTA_US}), not ${cpuQuotaUs}`);
}

/**
 * Refuses CPUs and memory nodes that this machine does not have, or that the group above all containers may not use.
 */
export function checkAvailable({ cpusetCpus, cpusetMems }: ResourceOptions, cpuSets: () => CpuSets): void {
  if (cpusetCpus === undefined && cpusetMems === undefined) return;
  const { cpus, mems } = cpuSets();
  requireWithin('CPUs', cpusetCpus, cpus);
  requireWithin('memory nodes', cpusetMems, mems);
}

function requireWithin(what: string, requested: string | undefined, available: string): void {
  if (requested === undefined || available === '' || isCpuListWithin(requested, available)) return;
  throw invalid(`requested ${what} are not available - requested ${requested}, available: ${available}`);
}

function checkDeviceRates(options: ResourceOptions): void {
  for (const name of ['deviceReadBps', 'deviceWriteBps', 'deviceReadIops', 'deviceWriteIops'] as const) {
    for (const { device, rate } of options[name] ?? []) {
      checkAbsolutePath(`${name}: device`, device);
      checkInteger(`${name}: rate of ${device}`, rate, BYTES);
    }
  }
  for (const { device, weight } of options.blkioWeightDevice ?? []) {
    checkAbsolutePath('blkioWeightDevice: device', device);
    checkInteger(`blkioWeightDevice: weight of ${device}`, weight, RANGES.blkioWeight);
  }
}

function checkHugetlb(limits: Readonly<Record<string, number>>): void {
  for (const [size, limit] of Object.entries(limits)) {
    if (!/^[1-9]\d{0,5}[KMG]B$/.test(size)) throw invalid(`hugetlb: page size must be like 2MB, not ${quote(size)}`);
    checkInteger(`hugetlb: limit for ${size}`, limit, BYTES);
  }
}

/**
 * Checks files of cgroup v2: they may be limits of the container, never files that move processes or delegate control.
 */
function checkUnified(files: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(files)) {
    if (!/^[a-z0-9_]+\.[a-z0-9_.]+$/i.test(name) || name.startsWith('cgroup.')) {
      throw invalid(`unified: ${quote(name)} is not a file of a cgroup v2 controller`);
    }
    if (value.length > 4096) throw invalid(`unified: value of ${name} is longer than 4096 characters`);
  }
}

/**
 * Returns the limits that were not requested, which are left out if they cannot be set
 * (LaunchContext.optionalResources).
 */
export function optionalResources(config: ResourceConfig): readonly ('pids' | 'swap')[] {
  return [
    ...(config.pidsLimitIsDefault ? (['pids'] as const) : []),
    ...(config.memorySwapIsDefault ? (['swap'] as const) : []),
  ];
}

/** Returns the numbers of a block device by its path. */
export type DeviceNumbers = (path: string) => { readonly major: number; readonly minor: number };

/** Returns the resources of the OCI spec; `numbersOf` finds the numbers of block devices. */
export function ociResources(
  config: ResourceConfig,
  devices: readonly OciDeviceRule[],
  numbersOf: DeviceNumbers,
): LinuxResources {
  const memory = ociMemory(config);
  const cpu = ociCpu(config);
  const blockIO = ociBlockIO(config, numbersOf);
  const hugepageLimits = ociHugepages(config.hugetlb ?? {});
  return {
    devices,
    pids: { limit: config.pidsLimit },
    ...(Object.keys(memory).length === 0 ? {} : { memory }),
    ...(Object.keys(cpu).length === 0 ? {} : { cpu }),
    ...(Object.keys(blockIO).length === 0 ? {} : { blockIO }),
    ...(hugepageLimits.length === 0 ? {} : { hugepageLimits }),
    ...(config.unified === undefined ? {} : { unified: config.unified }),
  };
}

function ociMemory(config: ResourceConfig): OciMemory {
  return defined({
    limit: config.memoryBytes,
    reservation: config.memoryReservationBytes,
    swap: config.memorySwapBytes,
    swappiness: config.memorySwappiness === -1 ? undefined : config.memorySwappiness,
    disableOOMKiller: config.oomKillDisable === true ? true : undefined,
  });
}

function ociCpu(config: ResourceConfig): OciCpu {
  return defined({
    // 0 leaves the weight as it is, as for Podman.
    shares: config.cpuShares === 0 ? undefined : config.cpuShares,
    period: config.cpuPeriodUs,
    quota: config.cpuQuotaUs === 0 ? undefined : config.cpuQuotaUs,
    realtimePeriod: config.cpuRtPeriodUs,
    realtimeRuntime: config.cpuRtRuntimeUs,
    cpus: config.cpusetCpus,
    mems: config.cpusetMems,
  });
}

function ociBlockIO(config: ResourceConfig, numbersOf: DeviceNumbers): OciBlockIO {
  return defined({
    weight: config.blkioWeight,
    weightDevice: weights(config.blkioWeightDevice, numbersOf),
    throttleReadBpsDevice: rates(config.deviceReadBps, numbersOf),
    throttleWriteBpsDevice: rates(config.deviceWriteBps, numbersOf),
    throttleReadIOPSDevice: rates(config.deviceReadIops, numbersOf),
    throttleWriteIOPSDevice: rates(config.deviceWriteIops, numbersOf),
  });
}

function rates(given: readonly DeviceRate[] = [], numbersOf: DeviceNumbers): readonly OciThrottleDevice[] | undefined {
  return given.length === 0 ? undefined : given.map(({ device, rate }) => ({ ...numbersOf(device), rate }));
}

function weights(
  given: readonly DeviceWeight[] = [],
  numbersOf: DeviceNumbers,
): readonly OciWeightDevice[] | undefined {
  return given.length === 0 ? undefined : given.map(({ device, weight }) => ({ ...numbersOf(device), weight }));
}

function ociHugepages(limits: Readonly<Record<string, number>>): readonly OciHugepageLimit[] {
  return Object.entries(limits).map(([pageSize, limit]) => ({ pageSize, limit }));
}
