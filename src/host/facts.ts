/** What this machine is, as far as containers care: plain data, read once per process by readHostFacts(). */
import type { Capability } from '../util/capabilities.js';
import type { CgroupLayout } from './cgroup-layout.js';
import type { CpuSets } from './cpusets.js';
import type { HostMount } from './mountinfo.js';

/** One resource limit of this process. */
export interface HostLimit {
  readonly soft: number | 'unlimited';
  readonly hard: number | 'unlimited';
}

export interface HostFacts {
  /** Effective uid of this process. */
  readonly uid: number;
  /** Effective capabilities of this process. */
  readonly effectiveCapabilities: ReadonlySet<Capability>;
  /** What this process may give away at most: its bounding set. */
  readonly boundingCapabilities: ReadonlySet<Capability>;
  readonly initialUserNamespace: boolean;
  /** Limits of this process by name without RLIMIT_, lower case (nofile, nproc, ...). */
  readonly limits: Readonly<Record<string, HostLimit>>;
  /** Hard limits may be raised: CAP_SYS_RESOURCE in the initial user namespace. */
  readonly canRaiseLimits: boolean;
  /** Highest nofile limit that the kernel gives anyone (fs.nr_open). */
  readonly highestOpenFiles: number;
  /** Lowest oom_score_adj that this process may give. */
  readonly lowestOomScoreAdj: number;
  readonly cgroup: CgroupLayout;
  /** CPUs and memory nodes that a cgroup may be given: read when asked for, since few containers are bound to some. */
  readonly cpuSets: () => CpuSets;
  /** systemd runs this machine and can be asked for units. */
  readonly systemd: boolean;
  /** Mounts in this process's mount namespace, in the order of mountinfo. */
  readonly mounts: readonly HostMount[];
  readonly apparmor: boolean;
  readonly selinux: boolean;
  readonly seccomp: boolean;
  /** Kinds of namespaces that the kernel has, as named under /proc/self/ns. */
  readonly namespaces: ReadonlySet<string>;
  /** CPUs have a thermal_throttle directory, which tells of the host's load. */
  readonly thermalThrottle: boolean;
  readonly bootId: string;
  readonly kernelRelease: string;
  /** As Node names it: x64, arm64, ... */
  readonly architecture: string;
  /** CPUs that are online. */
  readonly cpus: number;
  readonly hostname: string;
  /** Proxy settings in this process's environment (http_proxy and the like), as they are. */
  readonly proxyVariables: Readonly<Record<string, string>>;
}
