/** Which cgroup hierarchies this machine has and where (cgroups(7), cgroup_namespaces(7)). */

/** One mounted hierarchy. */
export interface CgroupHierarchy {
  readonly version: 1 | 2;
  /**
   * v1: what the hierarchy controls (cpu, cpuacct, ...; `name=systemd` for a named one without controllers).
   * v2: what its root offers (cgroup.controllers).
   */
  readonly controllers: readonly string[];
  readonly mountPoint: string;
  /** This process's cgroup in it, relative to the mount point ("/" is the mount point itself). */
  readonly ownPath: string;
  /** The directory of the hierarchy that is mounted ("/" unless a part is mounted). */
  readonly mountRoot: string;
  /** Mounted read-only: nothing can be made in it. */
  readonly readOnly: boolean;
}

/** `v2`: one unified hierarchy with the controllers; `v1`: controllers each on their own; `hybrid`: v1 and a bare v2 one; `none`. */
export type CgroupMode = 'v2' | 'v1' | 'hybrid' | 'none';

export interface CgroupLayout {
  readonly mode: CgroupMode;
  readonly hierarchies: readonly CgroupHierarchy[];
}
