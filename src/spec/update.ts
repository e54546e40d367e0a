/** Changes to an existing container: the options, and the configuration that results. Pure. */
import { invalid } from '../errors.js';
import type { HostFacts } from '../host/facts.js';
import type { LinuxResources } from '../oci/resources.js';
import { refuseEndless } from './pod/init-container.js';
import type { ContainerConfig, ResourceConfig } from './config.js';
import type { ResourceOptions, RestartOptions, UlimitOptions } from './create-options.js';
import { changeEnvironment } from './environment.js';
import { normalizeRestart } from './normalize.js';
import { checkUpdateOptions } from './option-shapes.js';
import { checkAvailable, normalizeResources, ociResources, type DeviceNumbers } from './limits/resources.js';
import { changeRlimits } from './limits/rlimits.js';

/** Options of an update. Settings that are not named stay as they are. */
export interface UpdateOptions {
  /** New limits, applied at once, also while the container runs. */
  readonly resources?: ResourceOptions;
  /** New restart policy, applied at once; restarts so far count. */
  readonly restart?: RestartOptions;
  /** Variables to add or change: for later execs, and for the container at its next start. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Variables to remove, likewise. */
  readonly unsetEnv?: readonly string[];
  /** New resource limits of processes, applied at the next start. */
  readonly ulimits?: readonly UlimitOptions[];
}

/**
 * Returns the changed fields of the configuration; none if nothing was requested. Throws INVALID_ARGUMENT, or TypeError
 * for wrong types.
 */
export function updatedConfig(
  config: ContainerConfig,
  options: UpdateOptions,
  facts: HostFacts,
): Partial<ContainerConfig> {
  checkUpdateOptions(options);
  const { resources, restart, env, unsetEnv, ulimits } = options;
  if (resources !== undefined && config.cgroups === 'disabled')
    throw invalid('resource limits need a cgroup, and the container was created without one');
  const policy = restart === undefined ? undefined : normalizeRestart(restart);
  if (config.autoRemove && policy !== undefined && policy.policy !== 'no')
    throw invalid('a container that is removed at its end cannot have a restart policy');
  if (policy !== undefined) refuseEndless(config.pod, policy.policy);
  const merged = resources === undefined ? undefined : mergeResources(config.resources, resources);
  checkAvailable(resources ?? {}, facts.cpuSets);
  return {
    ...(merged === undefined ? {} : { resources: merged }),
    ...(policy === undefined ? {} : { restart: policy }),
    ...(ulimits === undefined ? {} : { rlimits: changeRlimits(config.rlimits, ulimits, facts) }),
    ...(env === undefined && unsetEnv === undefined ? {} : environmentOf(config, { env, unsetEnv })),
  };
}

function environmentOf(
  config: ContainerConfig,
  { env = {}, unsetEnv = [] }: { readonly env: UpdateOptions['env']; readonly unsetEnv: UpdateOptions['unsetEnv'] },
): Pick<ContainerConfig, 'env' | 'hostnameEnv'> {
  const named = env['HOSTNAME'] !== undefined || unsetEnv.includes('HOSTNAME');
  return {
    env: changeEnvironment(config.env, { set: env, unset: unsetEnv }),
    hostnameEnv: config.hostnameEnv && !named,
  };
}

/**
 * Merges new limits into the old ones and checks them together. Limits that were derived from others (swap from memory)
 * are derived again.
 */
function mergeResources(old: ResourceConfig, change: ResourceOptions): ResourceConfig {
  const { pidsLimit, pidsLimitIsDefault, memorySwapIsDefault, memorySwapBytes, cpuPeriodUs, cpuQuotaUs, ...rest } = old;
  const quota = change.cpus === undefined || change.cpus === 0;
  return normalizeResources({
    ...rest,
    ...(pidsLimitIsDefault ? {} : { pidsLimit }),
    ...(memorySwapIsDefault || memorySwapBytes === undefined ? {} : { memorySwapBytes }),
    ...(quota && cpuPeriodUs !== undefined ? { cpuPeriodUs } : {}),
    ...(quota && cpuQuotaUs !== undefined ? { cpuQuotaUs } : {}),
    ...(quota ? withoutCpus(change) : change),
  });
}

/** Removes `cpus`, which is absent or 0, and so asks for nothing. */
function withoutCpus({ cpus: _cpus, ...rest }: ResourceOptions): ResourceOptions {
  return rest;
}

type Field = 'memory' | 'cpu' | 'pids' | 'blockIO' | 'hugepageLimits' | 'unified';

const FIELDS: Readonly<Record<keyof ResourceOptions, Field>> = {
  memoryBytes: 'memory',
  memoryReservationBytes: 'memory',
  memorySwapBytes: 'memory',
  memorySwappiness: 'memory',
  oomKillDisable: 'memory',
  cpus: 'cpu',
  cpuShares: 'cpu',
  cpuPeriodUs: 'cpu',
  cpuQuotaUs: 'cpu',
  cpuRtPeriodUs: 'cpu',
  cpuRtRuntimeUs: 'cpu',
  cpusetCpus: 'cpu',
  cpusetMems: 'cpu',
  pidsLimit: 'pids',
  blkioWeight: 'blockIO',
  blkioWeightDevice: 'blockIO',
  deviceReadBps: 'blockIO',
  deviceWriteBps: 'blockIO',
  deviceReadIops: 'blockIO',
  deviceWriteIops: 'blockIO',
  hugetlb: 'hugepageLimits',
  unified: 'unified',
};

/**
 * Returns the limits to write for a change: all limits of a controller if one of them was named, since the kernel
 * checks them against each other.
 */
export function resourcesToWrite(
  merged: ResourceConfig,
  change: ResourceOptions,
  numbersOf: DeviceNumbers,
): LinuxResources {
  const fields = new Set(Object.keys(change).map((key) => FIELDS[key as keyof ResourceOptions]));
  const all = ociResources(merged, [], numbersOf);
  return Object.fromEntries(Object.entries(all).filter(([key]) => fields.has(key as Field)));
}
