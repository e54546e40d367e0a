/**
 * What `inspect` returns: the field names that Podman prints, so that scripts and templates written for it go on
 * working. Sizes are bytes, times RFC 3339; texts that are not set are '', numbers 0.
 */

import type { InspectIdMappings } from './userns.js';
import type { InspectHealth, InspectHealthConfig } from './health.js';

export type { InspectHealth, InspectHealthConfig, InspectStartupCheck } from './health.js';

export interface InspectState {
  readonly OciVersion: string;
  readonly Status: string;
  readonly Running: boolean;
  readonly Paused: boolean;
  readonly Restarting: boolean;
  readonly OOMKilled: boolean;
  readonly Dead: boolean;
  readonly Pid: number;
  /** Pid of the monitor (Podman's field name). */
  readonly ConmonPid: number;
  readonly ExitCode: number;
  readonly Error: string;
  /** RFC 3339; year 1 for never. */
  readonly StartedAt: string;
  readonly FinishedAt: string;
  readonly CgroupPath: string;
  readonly StoppedByUser: boolean;
  /** Only of a container with a health check. */
  readonly Health?: InspectHealth;
}

export interface InspectMount {
  readonly Type: string;
  /** Name of the volume; absent for other mounts. */
  readonly Name?: string;
  readonly Source: string;
  readonly Destination: string;
  readonly Driver: string;
  readonly Mode: string;
  readonly Options: readonly string[];
  readonly RW: boolean;
  readonly Propagation: string;
}

export interface InspectConfig extends InspectHealthConfig {
  readonly Hostname: string;
  readonly Domainname: string;
  readonly User: string;
  readonly AttachStdin: boolean;
  readonly AttachStdout: boolean;
  readonly AttachStderr: boolean;
  readonly Tty: boolean;
  readonly OpenStdin: boolean;
  readonly StdinOnce: boolean;
  readonly Env: readonly string[];
  readonly Cmd: readonly string[];
  readonly Image: string;
  readonly WorkingDir: string;
  readonly Entrypoint: readonly string[] | null;
  readonly Labels: Readonly<Record<string, string>>;
  readonly Annotations: Readonly<Record<string, string>>;
  /** Only in systemd mode. */
  readonly SystemdMode?: true;
  /** Name of the signal. */
  readonly StopSignal: string;
  readonly CreateCommand: readonly string[];
  readonly Umask: string;
  readonly Timezone?: string;
  /** Seconds; 0 is no limit. */
  readonly Timeout: number;
  /** Seconds. */
  readonly StopTimeout: number;
  /** Lines are added to /etc/passwd and /etc/group for a user and a group that they lack. */
  readonly Passwd: boolean;
  /** Absent if there are none. */
  readonly ChrootDirs?: readonly string[];
  /** Absent if there are none. Never their contents. */
  readonly Secrets?: readonly InspectSecret[];
}

export interface InspectSecret {
  readonly Name: string;
  readonly ID: string;
  /** Owner of the file, as the container sees it. */
  readonly UID: number;
  readonly GID: number;
  readonly Mode: number;
}

export interface InspectDevice {
  readonly PathOnHost: string;
  readonly PathInContainer: string;
  readonly CgroupPermissions: string;
}

export interface InspectDeviceRate {
  readonly Path: string;
  readonly Rate: number;
}

export interface InspectHostConfig {
  readonly Binds: readonly string[];
  readonly CgroupManager: string;
  readonly CgroupMode: string;
  readonly ContainerIDFile: string;
  readonly LogConfig: {
    readonly Type: string;
    readonly Config: Readonly<Record<string, string>> | null;
    readonly Path: string;
    readonly Tag: string;
    readonly Size: string;
  };
  readonly NetworkMode: string;
  readonly RestartPolicy: { readonly Name: string; readonly MaximumRetryCount: number };
  readonly AutoRemove: boolean;
  /** Only with an init program. */
  readonly Init?: true;
  /** Containers whose mounts were taken over, as they were named. Absent if there are none. */
  readonly VolumesFrom?: readonly string[];
  readonly PortBindings: InspectPorts;
  readonly PublishAllPorts: boolean;
  readonly CapAdd: readonly string[];
  readonly CapDrop: readonly string[];
  readonly Dns: readonly string[];
  readonly DnsSearch: readonly string[];
  readonly DnsOptions: readonly string[];
  /** NAME[;NAME...]:ADDRESS items. */
  readonly ExtraHosts: readonly string[];
  /** What /etc/hosts begins with; '' for the host's. */
  readonly HostsFile: string;
  readonly GroupAdd: readonly string[];
  readonly IpcMode: string;
  readonly Cgroup: string;
  readonly Cgroups: string;
  readonly OomScoreAdj: number;
  readonly PidMode: string;
  readonly Privileged: boolean;
  readonly ReadonlyRootfs: boolean;
  readonly SecurityOpt: readonly string[];
  readonly Tmpfs: Readonly<Record<string, string>>;
  readonly UTSMode: string;
  readonly UsernsMode: string;
  /** Only with a user namespace of its own, or another container's. */
  readonly IDMappings?: InspectIdMappings;
  readonly ShmSize: number;
  readonly Runtime: string;
  readonly CpuShares: number;
  readonly Memory: number;
  /** CPUs times 10^9. */
  readonly NanoCpus: number;
  readonly CgroupParent: string;
  readonly BlkioWeight: number;
  readonly BlkioWeightDevice: readonly { readonly Path: string; readonly Weight: number }[];
  readonly BlkioDeviceReadBps: readonly InspectDeviceRate[];
  readonly BlkioDeviceWriteBps: readonly InspectDeviceRate[];
  readonly BlkioDeviceReadIOps: readonly InspectDeviceRate[];
  readonly BlkioDeviceWriteIOps: readonly InspectDeviceRate[];
  /** Microseconds, as the three that follow. */
  readonly CpuPeriod: number;
  readonly CpuQuota: number;
  readonly CpuRealtimePeriod: number;
  readonly CpuRealtimeRuntime: number;
  readonly CpusetCpus: string;
  readonly CpusetMems: string;
  readonly Devices: readonly InspectDevice[];
  readonly MemoryReservation: number;
  readonly MemorySwap: number;
  readonly MemorySwappiness: number;
  readonly OomKillDisable: boolean;
  readonly PidsLimit: number;
  readonly Ulimits: readonly { readonly Name: string; readonly Soft: number; readonly Hard: number }[];
  readonly CgroupConf: Readonly<Record<string, string>> | null;
}

/** Ports of the host by PORT/PROTOCOL of the container; null for one that is only exposed. */
export type InspectPorts = Readonly<
  Record<string, readonly { readonly HostIp: string; readonly HostPort: string }[] | null>
>;

/** Addresses of an interface; empty while the container does not run. */
export interface InspectEndpoint {
  readonly EndpointID: string;
  readonly Gateway: string;
  readonly IPAddress: string;
  readonly IPPrefixLen: number;
  readonly IPv6Gateway: string;
  readonly GlobalIPv6Address: string;
  readonly GlobalIPv6PrefixLen: number;
  readonly MacAddress: string;
}

export interface InspectNetwork extends InspectEndpoint {
  /** The network's name, as Podman has it. */
  readonly NetworkID: string;
  readonly DriverOpts: null;
  readonly IPAMConfig: null;
  readonly Links: null;
  readonly Aliases: readonly string[];
}

export interface InspectEgress {
  /** The rule as it was given; `everything else` is what no rule names. */
  readonly Rule: string;
  readonly Action: 'allow' | 'deny';
  readonly Packets: number;
  readonly Bytes: number;
}

/** Network settings. The fields of InspectEndpoint are set for a container on exactly one network. */
export interface InspectNetworkSettings extends InspectEndpoint {
  readonly Bridge: string;
  readonly SandboxID: string;
  readonly HairpinMode: boolean;
  readonly LinkLocalIPv6Address: string;
  readonly LinkLocalIPv6PrefixLen: number;
  readonly Ports: InspectPorts;
  /** /proc/PID/ns/net, or ''. */
  readonly SandboxKey: string;
  /** By name; only of containers that are on networks. */
  readonly Networks?: Readonly<Record<string, InspectNetwork>>;
  /**
   * What the egress list has counted: only in `tspod inspect`, while the container runs. In the library, `egress()`
   * returns it.
   */
  readonly Egress?: readonly InspectEgress[];
}

/** Which parts of the host's file system a `host:` container does not see. */
export interface InspectHostView {
  /** `host:`, or `host:all`. */
  readonly Image: string;
  /** Paths that are empty or absent in the container, as they take effect. */
  readonly Hidden: readonly string[];
  /** Paths that options asked to show. */
  readonly Shown: readonly string[];
}

export interface ContainerInspect {
  readonly Id: string;
  readonly Created: string;
  readonly Path: string;
  readonly Args: readonly string[];
  readonly State: InspectState;
  readonly Image: string;
  /** Digest of the image's manifest; '' without an image. */
  readonly ImageDigest: string;
  readonly ImageName: string;
  readonly Rootfs: string;
  /** Id of the pod that it is in, or ''. */
  readonly Pod: string;
  /** Whether this is the pod's infra container, which keeps what the others share. */
  readonly IsInfra: boolean;
  /** Podman's field: tspod has no service containers. */
  readonly IsService: boolean;
  readonly ResolvConfPath: string;
  readonly HostnamePath: string;
  readonly HostsPath: string;
  readonly StaticDir: string;
  readonly ConmonPidFile: string;
  readonly PidFile: string;
  readonly Name: string;
  readonly RestartCount: number;
  /** Name of the OCI runtime that creates the container; `tspod` is the built-in one. */
  readonly OCIRuntime: string;
  readonly Driver: string;
  readonly MountLabel: string;
  readonly ProcessLabel: string;
  readonly AppArmorProfile: string;
  readonly EffectiveCaps: readonly string[];
  readonly BoundingCaps: readonly string[];
  readonly ExecIDs: readonly string[];
  readonly GraphDriver: { readonly Name: string; readonly Data: Readonly<Record<string, string>> };
  /** Bytes that the container wrote. This field and the next are there only with `size`. */
  readonly SizeRw?: number;
  readonly SizeRootFs?: number;
  readonly Mounts: readonly InspectMount[];
  readonly Dependencies: readonly string[];
  readonly NetworkSettings: InspectNetworkSettings;
  readonly Config: InspectConfig;
  readonly HostConfig: InspectHostConfig;
  /** Only of `host:` containers. */
  readonly HostView?: InspectHostView;
}
