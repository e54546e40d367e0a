/** Facts about this machine that containers depend on: plain data, read once per process by readHostFacts(). */
import type { Capability } from '../util/capabilities.js';
import type { CgroupLayout } from './cgroup-layout.js';
import type { CpuSets } from './cpusets.js';
import type { HostMount } from './mountinfo.js';

/** A resource limit of this process. */
export interface HostLimit {
  readonly soft: number | 'unlimited';
  readonly hard: number | 'unlimited';
}

export interface HostFacts {
  /** Effective uid of this process. */
  readonly uid: number;
  /** Effective capabilities of this process. */
  readonly effectiveCapabilities: ReadonlySet<Capability>;
  /** Highest set of capabilities that this process may give away: its bounding set. */
  readonly boundingCapabilities: ReadonlySet<Capability>;
  readonly initialUserNamespace: boolean;
  /** Limits of this process by name without RLIMIT_, lower case (nofile, nproc, ...). */
  readonly limits: Readonly<Record<string, HostLimit>>;
  /** Whether hard limits may be raised: CAP_SYS_RESOURCE in the initial user namespace. */
  readonly canRaiseLimits: boolean;
  /** Highest nofile limit that the kernel allows (fs.nr_open). */
  readonly highestOpenFiles: number;
  /** Lowest oom_score_adj that this process may give. */
  readonly lowestOomScoreAdj: number;
  readonly cgroup: CgroupLayout;
  /**
   * Returns the CPUs and memory nodes that a cgroup may use. Read on request, since few containers are bound to some.
   */
  readonly cpuSets: () => CpuSets;
  /** Whether systemd runs this machine and can be asked for units. */
  readonly systemd: boolean;
  /** Mounts in this process's mount namespace, in the order of mountinfo. */
  readonly mounts: readonly HostMount[];
  readonly apparmor: boolean;
  readonly selinux: boolean;
  readonly seccomp: boolean;
  /** Kinds of namespaces that the kernel has, as named under /proc/self/ns. */
  readonly namespaces: ReadonlySet<string>;
  /** Whether CPUs have a thermal_throttle directory, which reveals the host's load. */
  readonly thermalThrottle: boolean;
  readonly bootId: string;
  readonly kernelRelease: string;
  /** Node's name of the architecture: x64, arm64, ... */
  readonly architecture: string;
  /** Number of CPUs that are online. */
  readonly cpus: number;
  readonly hostname: string;
  /** Proxy settings in this process's environment (http_proxy and the like), as they are. */
  readonly proxyVariables: Readonly<Record<string, string>>;
}
