/** What this machine is, as far as containers care: read once per process, plain data. */
import type { CgroupLayout } from './cgroup-layout.js';
import type { HostMount } from './mountinfo.js';

/** One resource limit of this process. */
export interface HostLimit {
  readonly soft: number | 'unlimited';
  readonly hard: number | 'unlimited';
}

export interface HostFacts {
  /** Effective uid of this process. */
  readonly uid: number;
  /** Effective capabilities of this process: names such as CAP_CHOWN. */
  readonly effectiveCapabilities: ReadonlySet<string>;
  /** What this process may give away at most: its bounding set. */
  readonly boundingCapabilities: ReadonlySet<string>;
  /** This process is in the initial user namespace. */
  readonly initialUserNamespace: boolean;
  /** Limits of this process by name without RLIMIT_, lower case (nofile, nproc, ...). */
  readonly limits: Readonly<Record<string, HostLimit>>;
  /** Hard limits may be raised (CAP_SYS_RESOURCE in the initial user namespace). */
  readonly canRaiseLimits: boolean;
  /** Lowest oom_score_adj that this process may give, or undefined if any. */
  readonly lowestOomScoreAdj: number | undefined;
  readonly cgroup: CgroupLayout;
  /** Mounts in this process's mount namespace, in the order of mountinfo. */
  readonly mounts: readonly HostMount[];
  readonly apparmor: boolean;
  readonly selinux: boolean;
  readonly seccomp: boolean;
  /** Kinds of namespaces that the kernel has, as named under /proc/self/ns. */
  readonly namespaces: ReadonlySet<string>;
  /** Host devices that this machine has no node for are left out of defaults. */
  readonly bootId: string;
  readonly kernelRelease: string;
  /** Of the machine, as Node names it: x64, arm64, ... */
  readonly architecture: string;
  /** Number of CPUs that are online. */
  readonly cpus: number;
}
