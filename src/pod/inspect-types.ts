/** What `pod inspect` answers: the field names that Podman prints. Sizes are bytes, times RFC 3339. What a pod without an infra container has not is absent. */
import type { InspectDeviceRate, InspectPorts } from '../container/inspect/types.js';

export interface PodInspectContainer {
  readonly Id: string;
  readonly Name: string;
  readonly State: string;
}

/** Of the infra container; lists that are empty are null, as Podman has them. */
export interface PodInspectInfra {
  readonly PortBindings: InspectPorts;
  readonly HostNetwork: boolean;
  readonly StaticIP: string;
  readonly StaticMAC: string;
  /** It has an /etc/resolv.conf of its own. */
  readonly NoManageResolvConf: boolean;
  readonly DNSServer: readonly string[] | null;
  readonly DNSSearch: readonly string[] | null;
  readonly DNSOption: readonly string[] | null;
  readonly NoManageHosts: boolean;
  /** NAME[;NAME...]:ADDRESS items. */
  readonly HostAdd: readonly string[] | null;
  readonly HostsFile: string;
  /** Names. */
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
  /** Limits of the pod's cgroup, those that were asked for. */
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
