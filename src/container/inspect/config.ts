/** The parts of `inspect` that come from the configuration alone: Config, HostConfig, Mounts. */
import type { ContainerConfig, MountConfig } from '../../spec/config.js';
import { BUILT_IN_RUNTIME } from '../../spec/oci-runtime.js';
import type { SecretConfig } from '../../spec/files/secret-options.js';
import type { ContainerPaths } from '../../storage/paths.js';
import { signalName } from '../../util/signals.js';
import type { ContainerSpec } from '../launch/spec.js';
import { inspectPorts } from './network.js';
import { inspectHealthConfig } from './health.js';
import { inspectUserns } from './userns.js';
import type { InspectConfig, InspectHostConfig, InspectMount, InspectSecret } from './types.js';

export function inspectConfig(
  config: ContainerConfig,
  { process }: ContainerSpec,
  { hostname }: { readonly hostname: string; readonly name: string },
): InspectConfig {
  return {
    Hostname: hostname,
    Domainname: config.domainname ?? '',
    User: config.user,
    AttachStdin: false,
    AttachStdout: false,
    AttachStderr: false,
    Tty: config.tty,
    OpenStdin: config.interactive,
    StdinOnce: false,
    Env: process.env ?? [],
    Cmd: config.command,
    Image: config.image,
    WorkingDir: config.workdir,
    Entrypoint: config.entrypoint.length === 0 ? null : config.entrypoint,
    Labels: config.labels,
    Annotations: config.annotations,
    ...(config.systemd === true ? { SystemdMode: true } : {}),
    StopSignal: signalName(config.stopSignal),
    CreateCommand: config.createCommand,
    Umask: config.umask.toString(8).padStart(4, '0'),
    ...(config.timezone === undefined ? {} : { Timezone: config.timezone }),
    Timeout: config.timeoutSec,
    StopTimeout: config.stopTimeoutSec,
    Passwd: config.passwd,
    ...(config.chrootDirs.length === 0 ? {} : { ChrootDirs: config.chrootDirs }),
    ...(config.secrets.length === 0 ? {} : { Secrets: config.secrets.map(inspectSecret) }),
    ...inspectHealthConfig(config),
  };
}

function inspectSecret({ name, id, uid, gid, mode }: SecretConfig): InspectSecret {
  return { Name: name, ID: id, UID: uid, GID: gid, Mode: mode };
}

const ACCESS = /^(ro|rro|rw)$/;
const PROPAGATION = /^r?(private|shared|slave|unbindable)$/;
const RELABELLING = /^[zZ]$/;

/** Returns `Mounts`. `sourceOf` gives the path of a volume. A tmpfs is in HostConfig.Tmpfs instead, as with Podman. */
export function inspectMounts(config: ContainerConfig, sourceOf: (volume: string) => string): readonly InspectMount[] {
  return config.mounts.filter(({ type }) => type !== 'tmpfs').map((mount) => inspectMount(mount, sourceOf));
}

function inspectMount(mount: MountConfig, sourceOf: (volume: string) => string): InspectMount {
  const { type, source = '', target, options } = mount;
  return {
    Type: type,
    ...(type === 'volume' ? { Name: source } : {}),
    Source: type === 'volume' ? sourceOf(source) : source,
    Destination: target,
    Driver: type === 'volume' ? 'local' : '',
    Mode: isBound(mount) ? options.filter((option) => RELABELLING.test(option)).join(',') : '',
    Options: isBound(mount) ? completeOptions(mount).filter(standsInOptions) : type === 'image' ? [] : options,
    RW: !options.includes('ro') && !options.includes('rro'),
    Propagation: options.find((option) => PROPAGATION.test(option)) ?? (isBound(mount) ? 'rprivate' : ''),
  };
}

function isBound({ type }: MountConfig): boolean {
  return type === 'bind' || type === 'volume';
}

/** Whether an option is listed in `Options`; the others have fields of their own. */
function standsInOptions(option: string): boolean {
  return !ACCESS.test(option) && !PROPAGATION.test(option) && !RELABELLING.test(option);
}

/** Returns the options as Podman keeps them: those given, then the defaults of those not given. */
function completeOptions({ type, options }: MountConfig): readonly string[] {
  const unless = (given: RegExp, ...defaults: readonly string[]) =>
    options.some((option) => given.test(option)) ? [] : defaults;
  return [
    ...options.filter((option) => option !== 'notmpcopyup'),
    ...unless(ACCESS, 'rw'),
    ...unless(PROPAGATION, 'rprivate'),
    ...(type === 'bind' ? [] : [...unless(/^(no)?suid$/, 'nosuid'), ...unless(/^(no)?dev$/, 'nodev')]),
    ...(type === 'tmpfs' ? unless(/^(no)?tmpcopyup$/, 'tmpcopyup') : unless(/^r?bind$/, 'rbind')),
  ];
}

export function inspectHostConfig(config: ContainerConfig, paths: ContainerPaths): InspectHostConfig {
  return {
    ...mountFields(config),
    ...namespaceFields(config),
    ...nameFields(config),
    PortBindings: inspectPorts({ networking: { ...config.networking, expose: [] } }),
    PublishAllPorts: config.networking.publishAll,
    ...inspectUserns(config),
    ...securityFields(config),
    ...resourceFields(config),
    CgroupManager: config.cgroupManager,
    ContainerIDFile: config.cidFile ?? '',
    LogConfig: logConfig(config, paths),
    RestartPolicy: { Name: config.restart.policy, MaximumRetryCount: config.restart.maxRetries },
    AutoRemove: config.autoRemove,
    ...(config.init ? { Init: true as const } : {}),
    Runtime: config.runtime?.name ?? BUILT_IN_RUNTIME,
  };
}

function mountFields({ mounts, volumesFrom, readOnly, shmSizeBytes, devices }: ContainerConfig) {
  const tmpfs = mounts.filter(({ type }) => type === 'tmpfs');
  return {
    Binds: mounts
      .filter(isBound)
      .map((mount) =>
        [mount.source ?? '', mount.target, completeOptions(mount).join(',')].filter((part) => part !== '').join(':'),
      ),
    ...(volumesFrom === undefined ? {} : { VolumesFrom: volumesFrom }),
    Tmpfs: Object.fromEntries(tmpfs.map((mount) => [mount.target, completeOptions(mount).join(',')])),
    ReadonlyRootfs: readOnly,
    ShmSize: shmSizeBytes,
    Devices: devices.map(({ source, target, access }) => ({
      PathOnHost: source,
      PathInContainer: target,
      CgroupPermissions: access,
    })),
  };
}

function namespaceFields({ namespaces, cgroupParent, cgroups }: ContainerConfig) {
  return {
    CgroupMode: namespaces.cgroup,
    NetworkMode: namespaces.network,
    IpcMode: namespaces.ipc,
    PidMode: namespaces.pid,
    UTSMode: namespaces.uts,
    CgroupParent: cgroupParent,
    Cgroup: '',
    Cgroups: cgroups === 'enabled' ? 'default' : cgroups,
  };
}

function nameFields({ dns, hosts }: ContainerConfig) {
  const { servers, search, options } = dns === 'none' ? { servers: ['none'], search: [], options: [] } : dns;
  const extra = hosts?.added ?? [];
  return {
    Dns: servers,
    DnsSearch: search,
    DnsOptions: options,
    ExtraHosts: extra.map(({ names, address }) => `${names.join(';')}:${address}`),
    HostsFile: hosts === undefined || hosts.base === '/etc/hosts' ? '' : hosts.base,
  };
}

function securityFields(config: ContainerConfig) {
  return {
    CapAdd: config.capAdd,
    CapDrop: config.capDrop,
    GroupAdd: config.groups,
    Privileged: config.privileged,
    SecurityOpt: securityOptions(config),
    OomScoreAdj: config.oomScoreAdj ?? 0,
    Ulimits: config.rlimits.map(({ type, soft, hard }) => ({ Name: type, Soft: limit(soft), Hard: limit(hard) })),
  };
}

function limit(value: number | 'unlimited'): number {
  return value === 'unlimited' ? -1 : value;
}

function securityOptions({ security, privileged }: ContainerConfig): readonly string[] {
  const { noNewPrivileges, seccomp, apparmorProfile, labels, labelsDisabled, mask, unmask, unmaskAll } = security;
  const unmasked = unmaskAll ? ['ALL'] : unmask;
  return [
    ...(noNewPrivileges ? ['no-new-privileges'] : []),
    ...(seccomp === 'default' ? [] : [`seccomp=${seccomp}`]),
    ...(apparmorProfile === undefined ? [] : [`apparmor=${apparmorProfile}`]),
    ...labels.map((label) => `label=${label}`),
    ...(labelsDisabled && !privileged ? ['label=disable'] : []),
    ...(mask.length === 0 ? [] : [`mask=${mask.join(':')}`]),
    ...(unmasked.length === 0 ? [] : [`unmask=${unmasked.join(':')}`]),
  ];
}

function logConfig({ log }: ContainerConfig, paths: ContainerPaths): InspectHostConfig['LogConfig'] {
  const keepsFile = log.driver === 'k8s-file' || log.driver === 'json-file';
  return {
    Type: log.driver,
    Config: null,
    Path: keepsFile ? (log.path ?? paths.log) : '',
    Tag: log.tag ?? '',
    Size: `${String(log.maxSizeBytes)}B`,
  };
}

function resourceFields({ resources }: ContainerConfig) {
  const rates = (list: readonly { readonly device: string; readonly rate: number }[] | undefined) =>
    (list ?? []).map(({ device, rate }) => ({ Path: device, Rate: rate }));
  const { cpuQuotaUs = 0, cpuPeriodUs = 0 } = resources;
  return {
    Memory: resources.memoryBytes ?? 0,
    MemoryReservation: resources.memoryReservationBytes ?? 0,
    MemorySwap: resources.memorySwapBytes ?? 0,
    MemorySwappiness: resources.memorySwappiness ?? 0,
    OomKillDisable: resources.oomKillDisable ?? false,
    PidsLimit: Math.max(resources.pidsLimit, 0),
    NanoCpus: cpuQuotaUs > 0 && cpuPeriodUs > 0 ? Math.round((cpuQuotaUs / cpuPeriodUs) * 1e9) : 0,
    CpuShares: resources.cpuShares ?? 0,
    CpuPeriod: cpuPeriodUs,
    CpuQuota: cpuQuotaUs,
    CpuRealtimePeriod: resources.cpuRtPeriodUs ?? 0,
    CpuRealtimeRuntime: resources.cpuRtRuntimeUs ?? 0,
    CpusetCpus: resources.cpusetCpus ?? '',
    CpusetMems: resources.cpusetMems ?? '',
    BlkioWeight: resources.blkioWeight ?? 0,
    BlkioWeightDevice: (resources.blkioWeightDevice ?? []).map(({ device, weight }) => ({
      Path: device,
      Weight: weight,
    })),
    BlkioDeviceReadBps: rates(resources.deviceReadBps),
    BlkioDeviceWriteBps: rates(resources.deviceWriteBps),
    BlkioDeviceReadIOps: rates(resources.deviceReadIops),
    BlkioDeviceWriteIOps: rates(resources.deviceWriteIops),
    CgroupConf: resources.unified ?? null,
  };
}
