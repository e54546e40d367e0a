/** Builds the result of `pod inspect`. Takes no lock. */
import { readConfig } from '../container/config.js';
import type { EngineContext } from '../container/context.js';
import { inspectPorts } from '../container/inspect/network.js';
import { membersOf } from '../container/pod/members.js';
import { podCgroupPath } from '../spec/limits/cgroup-path.js';
import type { ContainerConfig, ResourceConfig } from '../spec/config.js';
import type { DeviceRate } from '../spec/create-options.js';
import type { StoredPod } from '../state/pods.js';
import type { PodInspect, PodInspectInfra } from './inspect-types.js';
import { podStatus } from './status.js';

/** Returns everything known about a pod. Throws STORE_BROKEN if the infra container's record cannot be read. */
export function inspectPod(context: EngineContext, pod: StoredPod): PodInspect {
  const { id, name, createdUs, infraId, config } = pod;
  const members = membersOf(context, pod);
  return {
    Id: id,
    Name: name,
    Created: new Date(createdUs / 1000).toISOString(),
    CreateCommand: config.createCommand,
    ExitPolicy: config.exitPolicy,
    State: podStatus(members),
    Hostname: config.hostname,
    ...(Object.keys(config.labels).length === 0 ? {} : { Labels: config.labels }),
    CreateCgroup: config.shareParent,
    CgroupParent: config.cgroupParent,
    ...(config.shareParent ? { CgroupPath: podCgroupPath(config, id) } : {}),
    CreateInfra: config.infra,
    ...(infraId === '' ? {} : infraFields(context, pod)),
    ...(config.share.length === 0 ? {} : { SharedNamespaces: config.share }),
    NumContainers: members.length,
    ...(members.length === 0
      ? {}
      : { Containers: members.map((member) => ({ Id: member.id, Name: member.name, State: member.status })) }),
    RestartPolicy: config.restart?.policy ?? '',
    ...limitsOf(config.resources),
  };
}

function infraFields(
  context: EngineContext,
  { infraId }: StoredPod,
): Pick<PodInspect, 'InfraContainerID' | 'InfraConfig'> {
  return { InfraContainerID: infraId, InfraConfig: infraConfig(readConfig(context, infraId)) };
}

function infraConfig(config: ContainerConfig): PodInspectInfra {
  const { networking, namespaces, dns, hosts } = config;
  const [only, ...more] = networking.networks;
  const own = dns === 'none' ? { servers: [], search: [], options: [] } : dns;
  return {
    PortBindings: inspectPorts({ networking: { ...networking, expose: [] } }),
    HostNetwork: namespaces.network === 'host',
    StaticIP: more.length > 0 ? '' : (only?.ips[0] ?? ''),
    StaticMAC: more.length > 0 ? '' : (only?.macAddress ?? ''),
    NoManageResolvConf: dns === 'none',
    DNSServer: orNull(own.servers),
    DNSSearch: orNull(own.search),
    DNSOption: orNull(own.options),
    NoManageHosts: hosts === undefined,
    HostAdd: orNull((hosts?.added ?? []).map(({ names, address }) => `${names.join(';')}:${address}`)),
    HostsFile: hosts === undefined || hosts.base === '/etc/hosts' ? '' : hosts.base,
    Networks: orNull(networking.networks.map(({ name }) => name)),
    NetworkOptions: null,
    pid_ns: namespaces.pid,
    userns: namespaces.user,
    uts_ns: namespaces.uts,
  };
}

function orNull(items: readonly string[]): readonly string[] | null {
  return items.length === 0 ? null : items;
}

function limitsOf(limits: ResourceConfig) {
  const fields = {
    cpu_period: limits.cpuPeriodUs,
    cpu_quota: limits.cpuQuotaUs,
    cpu_shares: limits.cpuShares,
    cpuset_cpus: limits.cpusetCpus,
    cpuset_mems: limits.cpusetMems,
    memory_limit: limits.memoryBytes,
    memory_swap: limits.memorySwapBytes,
    blkio_weight: limits.blkioWeight,
    device_read_bps: ratesOf(limits.deviceReadBps),
    device_write_bps: ratesOf(limits.deviceWriteBps),
  };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<PodInspect>;
}

function ratesOf(rates: readonly DeviceRate[] | undefined) {
  return rates?.map(({ device, rate }) => ({ Path: device, Rate: rate }));
}
