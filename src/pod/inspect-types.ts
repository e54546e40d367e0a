/**
 * The result of `pod inspect`, with Podman's field names. Sizes are bytes, times RFC 3339. Fields that require an infra
 * container are missing if there is none.
 */
import type { InspectDeviceRate, InspectPorts } from '../container/inspect/types.js';

export interface PodInspectContainer {
  readonly Id: string;
  readonly Name: string;
  readonly State: string;
}

/** Settings of the infra container. Empty lists are null, as in Podman. */
export interface PodInspectInfra {
  readonly PortBindings: InspectPorts;
  readonly HostNetwork: boolean;
  readonly StaticIP: string;
  readonly StaticMAC: string;
  /** The container has no /etc/resolv.conf managed by the engine. */
  readonly NoManageResolvConf: boolean;
  readonly DNSServer: readonly string[] | null;
  readonly DNSSearch: readonly string[] | null;
  readonly DNSOption: readonly string[] | null;
  readonly NoManageHosts: boolean;
  /** NAME[;NAME...]:ADDRESS items. */
  readonly HostAdd: readonly string[] | null;
  readonly HostsFile: string;
  /** Names of the pod's networks. */
  readonly Networks: readonly string[] | null;
  readonly NetworkOptions: null;
  readonly pid_ns: string;
  readonly userns: string;
  readonly uts_ns: string;
  readonly cpu_period?: number;
  readonly cpu_quota?: number;
  readonly cpuset_cpus?: string;
}

export interface PodInspect {
  readonly Id: string;
  readonly Name: string;
  readonly Created: string;
  readonly CreateCommand: readonly string[];
  readonly ExitPolicy: string;
  readonly State: string;
  readonly Hostname: string;
  readonly Labels?: Readonly<Record<string, string>>;
  readonly CreateCgroup: boolean;
  readonly CgroupParent: string;
  readonly CgroupPath?: string;
  readonly CreateInfra: boolean;
  readonly InfraContainerID?: string;
  readonly InfraConfig?: PodInspectInfra;
  readonly SharedNamespaces?: readonly string[];
  readonly NumContainers: number;
  readonly Containers?: readonly PodInspectContainer[];
  readonly RestartPolicy: string;
  /** Limits requested for the pod's cgroup. */
  readonly cpu_period?: number;
  readonly cpu_quota?: number;
  readonly cpu_shares?: number;
  readonly cpuset_cpus?: string;
  readonly cpuset_mems?: string;
  readonly memory_limit?: number;
  readonly memory_swap?: number;
  readonly blkio_weight?: number;
  readonly device_read_bps?: readonly InspectDeviceRate[];
  readonly device_write_bps?: readonly InspectDeviceRate[];
}
